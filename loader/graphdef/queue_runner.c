/* QueueRunnerDef: see metagraph.h. */
#include "loader/graphdef/import.h"
#include "loader/graphdef/metagraph.h"

/* TensorFlow's number of the error that a cancelled queue gives. */
enum { CODE_CANCELLED = 1 };

/* Of the kinds of error that end a thread well, the end of data always is one; the list adds
 * cancelling or does not. */
static tarn_status read_codes(const tarn_wire_field *f, tarn_queue_runner_def *r) {
  tarn_wire_values v;
  TARN_TRY(tarn__wire_values(f, TARN_WIRE_VARINT, &v));
  for (size_t i = 0; i < v.count; i++) {
    uint64_t code;
    TARN_TRY(tarn__wire_value(&v, &code));
    if (code == CODE_CANCELLED) r->ends_when_cancelled = true;
  }
  return TARN_OK;
}

static tarn_status read(tarn_import *im, tarn_wire w, tarn_queue_runner_def *r) {
  *r = (tarn_queue_runner_def){.queue = "", .close = "", .cancel = ""};
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    switch (f.number) {
      case 0: return TARN_OK;
      case 1: TARN_TRY(tarn__import_text(im, &f, &r->queue)); break;
      case 2:
        TARN_TRY(
            tarn__metagraph_grow(im->graph->arena, &r->enqueue, r->n_enqueue, sizeof *r->enqueue));
        TARN_TRY(tarn__import_text(im, &f, &r->enqueue[r->n_enqueue]));
        r->n_enqueue++;
        break;
      case 3: TARN_TRY(tarn__import_text(im, &f, &r->close)); break;
      case 4: TARN_TRY(tarn__import_text(im, &f, &r->cancel)); break;
      case 5: TARN_TRY(read_codes(&f, r)); break;
    }
  }
}

tarn_status tarn__queue_runners_read(tarn_import *im, const tarn_collection *c,
                                     tarn_metagraph *meta) {
  for (size_t i = 0; i < c->count; i++) {
    TARN_TRY(tarn__metagraph_grow(im->graph->arena, &meta->queue_runners, meta->n_queue_runners,
                                  sizeof *meta->queue_runners));
    const tarn_wire w = tarn__wire(c->items[i].data, c->items[i].size, 0, "QueueRunnerDef");
    TARN_TRY_IN(read(im, w, &meta->queue_runners[meta->n_queue_runners]),
                "reading queue runner %zu", i);
    meta->n_queue_runners++;
  }
  return TARN_OK;
}
