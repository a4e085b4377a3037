/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For tests under AddressSanitizer, whose whole stacks of allocations libgcc unwinds: once a JIT
 * compiler has registered code (lavapipe's LLVM does), libgcc allocates under its own lock, is
 * asked to unwind that too, and hangs. Nothing unwinds through that code, so it is not registered.
 */
void __register_frame (void *begin);
void __deregister_frame (void *begin);

void
__register_frame (void *begin)
{
}

void
__deregister_frame (void *begin)
{
}
