/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The N sums of a lane, each of four output channels, to which a run of the main loop adds TERMS
 * products to a channel. Sums that may lose bits are added to sums that do not before they can. */

SUM part[N];
#ifdef EXACT_TERMS
const int CHUNK = EXACT_TERMS / TERMS; /* runs */
ivec4 sum[N];
#define SUM_OF(i) (sum[i] + ivec4 (part[i]))
#else
#define SUM_OF(i) part[i]
#endif

void
clear_sums ()
{
  for (int i = 0; i < N; i++) {
    part[i] = SUM (0);
#ifdef EXACT_TERMS
    sum[i] = ivec4 (0);
#endif
  }
}

/* After run @run. */
void
keep_sums (int run)
{
#ifdef EXACT_TERMS
  if (run % CHUNK == 0) {
    for (int i = 0; i < N; i++) {
      sum[i] += ivec4 (part[i]);
      part[i] = SUM (0);
    }
  }
#endif
}
