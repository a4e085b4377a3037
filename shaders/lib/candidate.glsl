/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The list of candidates: after four dwords, of which the first is how many there are, two times
 * four dwords each. */

struct Candidate {
  int order; /* of the logit, see numeric.h */
  uint class_id;
  uint anchor;
  float score;
  float x, y, width, height;
};

#define LIST                                                                                       \
  layout (std430, binding = YV8_BINDING_DESTINATION) buffer list_block                             \
  {                                                                                                \
    uint count, unused[3];                                                                         \
    Candidate data[];                                                                              \
  }                                                                                                \
  list;

/* Index of a candidate's first four dwords, in dwords by four. */
#define CANDIDATE(index) (1 + 2 * (index))

#ifdef PUSH_DETECT
/* Where a cell of the scale's maps lies in a plane. */
uint
place_of_cell (uint cell)
{
  uint y = cell / push.width;
  return (y + YV8_HALO) * push.pitch + cell - y * push.width + YV8_HALO;
}
#endif
