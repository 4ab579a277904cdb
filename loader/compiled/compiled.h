/* Compiled files: a model with its weights, and packed forms of them for one kind of machine,
 * mapped and not read.
 *
 * The reader gives a model's MetaGraphDef, its variables, and a source of packed weights for the
 * sessions' store. The description is checked when the file is opened, packed forms when they are
 * first used, weights when the file is opened but for those that a usable packed form stands for,
 * which are checked when somebody needs them after all (a form is missing). Thread-safe. */
#ifndef TARN_LOADER_COMPILED_COMPILED_H
#define TARN_LOADER_COMPILED_COMPILED_H

#include "core/wire/wire.h"
#include "graph/exec/packed.h"
#include "graph/session.h"
#include "loader/graphdef/source.h"

typedef struct tarn_compiled tarn_compiled;

/* Whether the bytes begin as a compiled file does. */
bool tarn__compiled_is(const unsigned char *data, size_t size);
/* One reference; retains the source, whose constants beside the message it gives. */
tarn_status tarn__compiled_open(const tarn_allocator *a, tarn_source *source,
                                tarn_compiled **compiled);
void *tarn__compiled_retain(void *compiled);
void tarn__compiled_release(void *compiled); /* NULL passes */

/* The MetaGraphDef, which has passed tarn__proto_check. */
tarn_wire tarn__compiled_meta(const tarn_compiled *c);
const tarn_packed_source *tarn__compiled_forms(const tarn_compiled *c);
/* Gives a session of the file's model its variables. */
tarn_status tarn__compiled_restore(tarn_compiled *c, tarn_session *session);

/* For `tarn inspect`. */
typedef struct tarn_compiled_facts {
  const char *tarn, *machine;
  bool usable; /* the forms are for the kernels of this library */
  size_t weights, forms;
  uint64_t weight_bytes, form_bytes;
} tarn_compiled_facts;
tarn_compiled_facts tarn__compiled_facts(const tarn_compiled *c);

/* What the kernels of this library were built from: forms that others packed are not for them.
 * Generated. */
extern const char tarn__kernels_fingerprint[];

/* tarn_session_compile for several runs, whose shapes may differ. */
tarn_status tarn__session_compile(tarn_session *session, const tarn_run_request *requests, size_t n,
                                  const char *path);

#endif
