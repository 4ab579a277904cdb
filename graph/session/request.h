/* What a run asks for, with its names found in the graph and its feeds checked. */
#ifndef TARN_GRAPH_SESSION_REQUEST_H
#define TARN_GRAPH_SESSION_REQUEST_H

#include "graph/session.h"

typedef struct tarn_request {
  tarn_plan_request plan;       /* points to the arrays below */
  tarn_edge *feeds, *fetches;
  tarn_node **targets;
  const tarn_tensor **tensors;  /* of the feeds; borrowed */
  size_t bytes;
  void *memory;
  tarn_trace *trace;            /* the run's; borrowed */
  tarn_bytes key;               /* of its plan: feeds with dtypes and shapes, fetches, targets */
} tarn_request;

/* Errors: TARN_NOT_FOUND (with the nearest names), TARN_INVALID, TARN_DTYPE, TARN_SHAPE. The
 * request is to be cleared in any case. */
tarn_status tarn__request_resolve(tarn_session *session, const tarn_run_request *asked,
                                  tarn_request *request);
void tarn__request_clear(tarn_session *session, tarn_request *request);

#endif
