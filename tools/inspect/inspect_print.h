/* The two ways of printing what was found out about a model. */
#ifndef TARN_TOOLS_INSPECT_INSPECT_PRINT_H
#define TARN_TOOLS_INSPECT_INSPECT_PRINT_H

#include <jansson.h>

#include "tools/inspect/inspect.h"

void inspect_text(const inspect_facts *facts);
/* NULL: no memory. */
json_t *inspect_json(const inspect_facts *facts);

#endif
