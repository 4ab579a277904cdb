/* NodeDef: see import.h. */
#include "loader/graphdef/import.h"

#include <inttypes.h>

tarn_status tarn__node_def_read(tarn_import *im, tarn_wire message) {
  const char *name = "", *op = "", *device = "";
  tarn_wire_field f;
  /* Fields may come in any order, so what makes the node is gathered first. */
  for (tarn_wire w = message;;) {
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == 1) TARN_TRY(tarn__import_text(im, &f, &name));
    if (f.number == 2) TARN_TRY(tarn__import_text(im, &f, &op));
    if (f.number == 4) TARN_TRY(tarn__import_text(im, &f, &device));
  }
  char shown[100];
  tarn__printable(name, strlen(name), shown, sizeof shown);
  tarn_node *node;
  TARN_TRY_IN(tarn__graph_add(im->graph, name, op, device, &node),
              "reading the NodeDef at offset %" PRIu64, message.offset);
  if (!*op)
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": node '%s' has no op", message.offset,
                     shown);
  im->problem = NULL;
  bool controls = false;
  for (tarn_wire w = message;;) {
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == 3) {
      const char *text;
      TARN_TRY_IN(tarn__import_text(im, &f, &text), "reading an input of node '%s'", shown);
      if (*text != '^' && controls)
        return tarn_fail(TARN_CORRUPT,
                         "offset %" PRIu64
                         ": a data input of node '%s' behind a control input, expected"
                         " all data inputs first",
                         f.offset, shown);
      controls = *text == '^';
      TARN_TRY_IN(tarn__import_input(im, node, text),
                  "reading an input of node '%s' at offset %" PRIu64, shown, f.offset);
    } else if (f.number == 5) {
      tarn_wire entry;
      TARN_TRY(tarn__wire_message(&f, "attr entry", &entry));
      TARN_TRY_IN(tarn__attr_entry_read(im, entry, &node->attrs), "reading node '%s'", shown);
    }
  }
  if (im->problem) {
    node->problem = im->problem;
    node->problem_status = im->problem_status;
  }
  return TARN_OK;
}
