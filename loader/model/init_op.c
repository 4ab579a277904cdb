/* A SavedModel names its initialisation in a signature (TensorFlow 2) or in one of two collections.
 */
#include "loader/model/init_op.h"

#include <string.h>

#define INIT_SIGNATURE "__saved_model_init_op"

tarn_status tarn__model_init_op(const tarn_metagraph *meta, tarn_arena *arena, const char **op) {
  *op = NULL;
  const tarn_signature *s = tarn__metagraph_signature(meta, INIT_SIGNATURE);
  const char *text = NULL;
  for (size_t i = 0; s && i < s->n_outputs; i++)
    if (strcmp(s->outputs[i].key, INIT_SIGNATURE) == 0) text = s->outputs[i].name;
  static const char *const keys[] = {"saved_model_main_op", "legacy_init_op"};
  for (int i = 0; i < 2 && !text; i++) {
    const tarn_collection *c = tarn__metagraph_collection(meta, keys[i]);
    if (!c || c->count == 0) continue;
    if (c->count != 1 || !c->names)
      return tarn_fail(TARN_CORRUPT,
                       "the collection '%s' has %zu entries, expected the name of one op", keys[i],
                       c->count);
    text = c->items[0].data;
  }
  if (!text || !*text) return TARN_OK;
  *op = tarn__arena_strndup(arena, text, strcspn(text, ":"));
  return *op ? TARN_OK : TARN_NO_MEMORY;
}
