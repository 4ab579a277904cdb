/* Models from files of every kind: what they are told apart by, what they say, and every kind of
 * damage to them. */
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader/model/model.h"
#include "loader/model/variables.h"
#include "graph/tuning/tuning.h"
#include "tests/unit/model_text.h"
#include "tests/unit/suite.h"

/* Files of a test lie in a folder of its own under the one it is started in. */
static char folder[] = "test_model.XXXXXX";
static bool folder_made;
static tarn_model *model;

static void open_folder(void) {
  if (!folder_made && !mkdtemp(folder)) abort();
  folder_made = true;
}

static void remove_tree(const char *path) {
  DIR *dir = opendir(path);
  if (dir) {
    for (struct dirent *e; (e = readdir(dir));) {
      char inner[1000];
      if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
      snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
      remove_tree(inner);
    }
    closedir(dir);
  }
  (void)remove(path);
}

static void teardown(void) {
  tarn_model_destroy(model);
  model = NULL;
  if (folder_made) remove_tree(folder);
  folder_made = false;
  memcpy(folder + 11, "XXXXXX", 6);
}

static const char *path_of(const char *name) {
  static char path[4][300];
  static int at;
  open_folder();
  at = (at + 1) % 4;
  snprintf(path[at], sizeof path[at], "%s/%s", folder, name);
  return path[at];
}

static void write_file(const char *name, const void *data, size_t size) {
  FILE *f = fopen(path_of(name), "wb");
  ck_assert_ptr_nonnull(f);
  ck_assert_uint_eq(fwrite(data, 1, size, f), size);
  fclose(f);
}

static void write_wire(const char *name, const char *text, const tarn_proto_message *kind) {
  tarn_bytes b = wire_of(text, kind);
  write_file(name, b.data, b.size);
  tarn__bytes_clear(&b);
}

static tarn_status load(const char *name) {
  tarn_model_destroy(model);
  model = NULL;
  return tarn_model_load(path_of(name), NULL, &model);
}

#define NODES                                                                                \
  "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }"      \
  "node { name: 'c' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: " \
  "'value' value {"                                                                          \
  "tensor { dtype: DT_FLOAT tensor_shape { dim { size: 2 } } tensor_content: "               \
  "'\\0\\0\\200?\\0\\0\\0@' } } } }"                                                         \
  "node { name: 'y' op: 'Identity' input: 'x' attr { key: 'T' value { type: DT_FLOAT } } } " \
  "versions { producer: 27 }"
#define META(graph)                                                                                \
  "meta_info_def { tags: 'serve' tensorflow_version: '1.15.0' } graph_def { " graph                \
  " }"                                                                                             \
  "saver_def { filename_tensor_name: 'save/Const:0' save_tensor_name: 'save/control:0' "           \
  "restore_op_name: 'save/restore_all' version: V2 }"                                              \
  "collection_def { key: 'variables' value { bytes_list { value: "                                 \
  "'\\n\\003v:0\\022\\010v/Assign\\032\\006v/"                                                     \
  "read\\\"\\014\\n\\001w\\022\\001\\012\\032\\001\\003\\\"\\001\\004' } } }"                      \
  "collection_def { key: 'trainable_variables' value { bytes_list { value: "                       \
  "'\\n\\003v:0\\022\\010v/Assign' } } }"                                                          \
  "collection_def { key: 'local_variables' value { bytes_list { value: '\\n\\003l:0' } } }"        \
  "collection_def { key: 'while_context' value { bytes_list { value: '\\377' } } }"                \
  "collection_def { key: 'saved_model_main_op' value { node_list { value: 'init' } } }"            \
  "collection_def { key: 'numbers' value { int64_list { value: [1, 2] } } }"                       \
  "signature_def { key: 'serving_default' value { inputs { key: 'in' value { name: 'x:0' dtype: "  \
  "DT_FLOAT tensor_shape { dim { size: -1 } } } }"                                                 \
  "outputs { key: 'b' value { name: 'y:0' dtype: DT_FLOAT tensor_shape { unknown_rank: true } } }" \
  "outputs { key: 'a' value { coo_sparse { values_tensor_name: 'v:0' } dtype: DT_INT64 } } "       \
  "method_name: 'predict' } }"                                                                     \
  "signature_def { key: 'another' value { } } asset_file_def { tensor_info { name: 'asset:0' } "   \
  "filename: 'words.txt' }"

static void check_graph(void) {
  const tarn_node *y = tarn__graph_node(model->meta.graph, "y");
  ck_assert_ptr_nonnull(y);
  ck_assert_ptr_eq(y->in[0].node, tarn__graph_node(model->meta.graph, "x"));
  const tarn_tensor *c =
      tarn__attr_find(&tarn__graph_node(model->meta.graph, "c")->attrs, "value")->tensor;
  const float want[] = {1, 2};
  ck_assert_mem_eq(c->data, want, sizeof want);
}

static void check_meta(void) {
  const tarn_metagraph *m = &model->meta;
  check_graph();
  ck_assert(m->saver.present);
  ck_assert_str_eq(m->saver.restore_op, "save/restore_all");
  ck_assert_int_eq(m->saver.version, 2);
  ck_assert_uint_eq(m->n_variables, 2);
  ck_assert_str_eq(m->variables[0].name, "v:0");
  ck_assert_str_eq(m->variables[0].snapshot, "v/read");
  ck_assert(m->variables[0].trainable && !m->variables[0].local);
  ck_assert_str_eq(m->variables[0].full_name, "w");
  ck_assert_int_eq(m->variables[0].full_shape.dim[0], 10);
  ck_assert_int_eq(m->variables[0].offset.dim[0], 3);
  ck_assert_int_eq(m->variables[0].shape.dim[0], 4);
  ck_assert(m->variables[1].local);
  ck_assert_uint_eq(m->n_signatures, 2);
  ck_assert_str_eq(m->signatures[0].key, "another");   /* in the order of the keys */
  const tarn_signature *s = tarn__metagraph_signature(m, "serving_default");
  ck_assert_str_eq(s->method, "predict");
  ck_assert_uint_eq(s->n_outputs, 2);
  ck_assert_str_eq(s->outputs[0].key, "a");
  ck_assert_str_eq(s->outputs[0].kind, "sparse");
  ck_assert_int_eq(s->inputs[0].shape.dim[0], -1);
  ck_assert_int_eq(s->outputs[1].shape.rank, -1);
  const tarn_collection *c = tarn__metagraph_collection(m, "saved_model_main_op");
  ck_assert(c && c->names && c->count == 1);
  ck_assert_str_eq(c->items[0].data, "init");
  ck_assert_ptr_null(tarn__metagraph_collection(m, "while_context"));
  ck_assert_uint_eq(m->n_assets, 1);
  ck_assert_str_eq(m->assets[0].filename, "words.txt");
  ck_assert_str_eq(m->tensorflow_version, "1.15.0");
}

START_TEST(test_model_kinds_by_content) {
  static const struct {
    const char *name, *format;
    const tarn_proto_message *kind;
    const char *text;
  } cases[] = {
      {"graph.pb", "GraphDef", &tarn__proto_graph_def, NODES},
      {"graph.meta", "GraphDef", &tarn__proto_graph_def, NODES}, /* a wrong name misleads nobody */
      {"meta.pb", "MetaGraphDef", &tarn__proto_meta_graph_def, META(NODES)},
      {"m.meta", "MetaGraphDef", &tarn__proto_meta_graph_def, META(NODES)},
      {"whatever", "MetaGraphDef", &tarn__proto_meta_graph_def, META(NODES)},
      {"s.pb", "SavedModel", &tarn__proto_saved_model,
       "saved_model_schema_version: 1 meta_graphs { " META(NODES) "}"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    write_wire(cases[i].name, cases[i].text, cases[i].kind);
    ck_assert_msg(load(cases[i].name) == TARN_OK, "%s: %s", cases[i].name, tarn_error());
    ck_assert_str_eq(model->format, cases[i].format);
    if (strcmp(model->format, "GraphDef") == 0)
      check_graph();
    else
      check_meta();
  }
}
END_TEST

START_TEST(test_model_text_says_the_same) {
  write_file("g.pbtxt", NODES, sizeof NODES - 1);
  ck_assert_int_eq(load("g.pbtxt"), TARN_OK);
  check_graph();
  write_file("m.pbtxt", META(NODES), sizeof META(NODES) - 1);
  ck_assert_int_eq(load("m.pbtxt"), TARN_OK);
  check_meta();
  write_file("g.pb", NODES, sizeof NODES - 1);   /* text under the other name */
  ck_assert_int_eq(load("g.pb"), TARN_OK);
  ck_assert(model->text);
  check_graph();
}
END_TEST

/* A newer writer's field is no reason to refuse a file. */
START_TEST(test_model_unknown_fields_are_skipped) {
  tarn_bytes b = wire_of(NODES, &tarn__proto_graph_def);
  ck_assert_int_eq(tarn__wire_add_int(&b, 1000, 7), TARN_OK);
  write_file("new.pb", b.data, b.size);
  tarn__bytes_clear(&b);
  ck_assert_int_eq(load("new.pb"), TARN_OK);
  check_graph();
}
END_TEST

START_TEST(test_model_constants_lie_in_the_file) {
  tarn_bytes b;
  /* Pad with a device name until the content is aligned. */
  for (int pad = 0; pad < 4; pad++) {
    char text[1000], device[5] = "dddd";
    device[pad] = 0;
    snprintf(text, sizeof text, "node { name: 'p' op: 'NoOp' device: '%s' } %s", device, NODES);
    b = wire_of(text, &tarn__proto_graph_def);
    write_file("aligned.pb", b.data, b.size);
    tarn__bytes_clear(&b);
    ck_assert_int_eq(load("aligned.pb"), TARN_OK);
    check_graph();
    /* A copy of the tensor outlives the model. */
    tarn_tensor kept;
    tarn__tensor_share(
        tarn__attr_find(&tarn__graph_node(model->meta.graph, "c")->attrs, "value")->tensor, &kept);
    tarn_model_destroy(model);
    model = NULL;
    ck_assert_float_eq(((float *)kept.data)[1], 2);
    tarn__tensor_clear(&kept);
  }
}
END_TEST

START_TEST(test_model_savedmodel_folder) {
  ck_assert_int_eq(mkdir(path_of("s"), 0700), 0);
  ck_assert_int_eq(load("s"), TARN_IO);
  write_wire(
      "s/saved_model.pb",
      "saved_model_schema_version: 1 meta_graphs { meta_info_def { tags: ['serve', 'gpu'] } }"
      "meta_graphs { " META(NODES) "}",
      &tarn__proto_saved_model);
  ck_assert_int_eq(load("s"), TARN_OK);
  check_meta();
  ck_assert_ptr_null(model->variables_prefix);
  ck_assert_int_eq(mkdir(path_of("s/variables"), 0700), 0);
  write_file("s/variables/variables.index", "x", 1);
  ck_assert_int_eq(load("s/"), TARN_OK);
  ck_assert_ptr_nonnull(strstr(model->variables_prefix, "s/variables/variables"));
  tarn_model *other = NULL;
  ck_assert_int_eq(tarn_model_load(path_of("s"), &(tarn_model_options){.tag = "gpu,serve"}, &other),
                   TARN_OK);
  ck_assert_uint_eq(other->meta.graph->count, 0);
  tarn_model_destroy(other);
  ck_assert_int_eq(tarn_model_load(path_of("s"), &(tarn_model_options){.tag = "gpu"}, &other),
                   TARN_NOT_FOUND);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "'serve,gpu', 'serve'"));
}
END_TEST

START_TEST(test_model_savedmodel_text) {
  static const char text[] = "saved_model_schema_version: 1 meta_graphs { " META(
      NODES) " object_graph_def { nodes { what: 1 } } }";
  ck_assert_int_eq(mkdir(path_of("t"), 0700), 0);
  write_file("t/saved_model.pbtxt", text, sizeof text - 1);
  ck_assert_int_eq(load("t"), TARN_OK);
  check_meta();
}
END_TEST

START_TEST(test_model_checkpoint_prefix) {
  ck_assert_int_eq(load("model.ckpt"), TARN_IO);
  write_file("model.ckpt.index", "x", 1);
  ck_assert_int_eq(load("model.ckpt"), TARN_IO);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "without a graph"));
  write_wire("model.ckpt.meta", META(NODES), &tarn__proto_meta_graph_def);
  ck_assert_int_eq(load("model.ckpt"), TARN_OK);
  check_meta();
  ck_assert_ptr_nonnull(strstr(model->checkpoint_prefix, "/model.ckpt"));
  ck_assert_int_eq(load("model.ckpt.meta"), TARN_OK);
  ck_assert_ptr_null(model->checkpoint_prefix);
  write_file("checkpoint", "model_checkpoint_path: \"model.ckpt\"\n", 36);
  ck_assert_msg(load("") == TARN_OK, "%s", tarn_error());
  ck_assert_ptr_nonnull(strstr(model->checkpoint_prefix, "model.ckpt"));
}
END_TEST

START_TEST(test_model_what_is_none) {
  static const char noise[] = "\x93NUMPY\x01\x00v\x00{'descr': '<f4'}";
  write_file("empty.pb", "", 0);
  ck_assert_int_eq(load("empty.pb"), TARN_CORRUPT);
  write_file("array.npy", noise, sizeof noise);
  ck_assert_int_eq(load("array.npy"), TARN_CORRUPT);
  write_file("unknown.pb", "\xc2\x3e\x00", 3);   /* right, but no field is one of a graph's */
  ck_assert_int_eq(load("unknown.pb"), TARN_CORRUPT);
  write_file("words.pb", "hello", 5);
  ck_assert_int_eq(load("words.pb"), TARN_CORRUPT);
  write_file("words.pbtxt", "hello", 5);
  ck_assert_int_eq(load("words.pbtxt"), TARN_CORRUPT);
  write_file("comment.pbtxt", "# only", 6);
  ck_assert_int_eq(load("comment.pbtxt"), TARN_CORRUPT);
  ck_assert_int_eq(mkfifo(path_of("pipe.pb"), 0600), 0);
  ck_assert_int_eq(load("pipe.pb"), TARN_IO);
  ck_assert_int_eq(tarn_model_load("/dev/null", NULL, &model), TARN_IO);
  ck_assert_int_eq(tarn_model_load("", NULL, &model), TARN_INVALID);
  ck_assert_int_eq(tarn_model_load(NULL, NULL, &model), TARN_INVALID);
}
END_TEST

/* Every prefix of a file, and every bit of it turned over, ends with a status that says what
 * happened. */
static void damage(const char *name, const char *text, const tarn_proto_message *kind) {
  tarn_bytes b = wire_of(text, kind);
  size_t loaded = 0;
  for (size_t i = 0; i < b.size; i++) {
    for (int bit = -1; bit < 8; bit++) {
      if (bit >= 0) b.data[i] = (char)(b.data[i] ^ 1 << bit);
      write_file(name, b.data, bit < 0 ? i : b.size);
      if (bit >= 0) b.data[i] = (char)(b.data[i] ^ 1 << bit);
      tarn_status status = load(name);
      ck_assert_msg(status == TARN_OK || status == TARN_CORRUPT || status == TARN_LIMIT ||
                        status == TARN_NOT_FOUND || status == TARN_UNSUPPORTED,
                    "byte %zu, bit %d: %s", i, bit, tarn_error());
      loaded += status == TARN_OK;
    }
  }
  /* Names and hints may change and the rest stay right, but most damage is seen. */
  ck_assert_uint_lt(loaded, 9 * b.size);
  tarn__bytes_clear(&b);
}

START_TEST(test_model_damaged_graphdef) {
  damage("d.pb",
         NODES
         "library { function { signature { name: 'f' input_arg { name: 'a' type: DT_FLOAT } "
         "output_arg { name: 'r' type: DT_FLOAT } } ret { key: 'r' value: 'a' } } }",
         &tarn__proto_graph_def);
}
END_TEST
START_TEST(test_model_damaged_metagraph) {
  damage("d.meta", META(NODES), &tarn__proto_meta_graph_def);
}
END_TEST
START_TEST(test_model_damaged_savedmodel) {
  damage("saved_model.pb", "saved_model_schema_version: 1 meta_graphs { " META(NODES) "}",
         &tarn__proto_saved_model);
}
END_TEST

/* The session option `tuning`: a file that was asked for has to fit; the user's own may be missing
 * or of another build. */
START_TEST(test_model_sessions_with_measured_choices) {
  tarn_tuning *choices;
  tarn_bytes text;
  tarn_session *session = NULL;
  write_wire("m.pb", NODES, &tarn__proto_graph_def);
  ck_assert_int_eq(load("m.pb"), TARN_OK);
  tarn__bytes_init(&text, tarn__allocator_default());
  ck_assert_int_eq(tarn__tuning_create(tarn__allocator_default(), &choices), TARN_OK);
  ck_assert_int_eq(tarn__tuning_set(choices, "Identity", "none", 1, 1), TARN_OK);
  ck_assert_int_eq(tarn__tuning_print(choices, &text), TARN_OK);
  tarn__tuning_destroy(choices);
  write_file("fits.txt", text.data, text.size);
  write_file("other.txt", "tarn tuning 1\nmachine none\nbuild 0\n", 34);
  write_file("damaged.txt", text.data, text.size - 2);
  tarn__bytes_clear(&text);
  const struct {
    const char *file;
    tarn_status status;
  } cases[] = {{"fits.txt", TARN_OK},
               {"other.txt", TARN_NOT_FOUND},
               {"damaged.txt", TARN_CORRUPT},
               {"nowhere.txt", TARN_IO}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    session = NULL;
    const tarn_session_options options = {.threads = 1, .tuning = path_of(cases[i].file)};
    ck_assert_int_eq(tarn_session_create(model, &options, &session), cases[i].status);
    ck_assert_int_eq(session != NULL, cases[i].status == TARN_OK);
    tarn_session_destroy(session);
  }
  ck_assert_int_eq(
      tarn_session_create(model, &(tarn_session_options){.threads = 1, .tuning = ""}, &session),
      TARN_OK);
  tarn_session_destroy(session);
}
END_TEST

START_TEST(test_model_every_allocation_may_fail) {
  write_file("a.pbtxt", META(NODES), sizeof META(NODES) - 1);
  write_wire("a.meta", META(NODES), &tarn__proto_meta_graph_def);
  for (int text = 0; text < 2; text++) {
    tarn_status status = TARN_NO_MEMORY;
    for (long n = 0; status != TARN_OK && n < 3000; n++) {
      tarn_failing failing;
      tarn__failing_init(&failing, n, false);
      tarn_model *m = NULL;
      status = tarn_model_load(path_of(text ? "a.pbtxt" : "a.meta"),
                               &(tarn_model_options){.allocator = &failing.allocator}, &m);
      ck_assert_msg(status == TARN_OK || status == TARN_NO_MEMORY, "allocation %ld: %s", n,
                    tarn_error());
      tarn_model_destroy(m);
      ck_assert_msg(failing.live == 0, "allocation %ld leaves %ld blocks", n, failing.live);
    }
    ck_assert_int_eq(status, TARN_OK);
  }
}
END_TEST

/* ---- names of variables ---- */

#define STRINGS(name, values)                                                                 \
  "node { name: '" name                                                                       \
  "' op: 'Const' attr { key: 'dtype' value { type: DT_STRING } } attr { key: 'value' value {" \
  "tensor { dtype: DT_STRING tensor_shape { dim { size: 2 } } string_val: [" values "] } } } }"
#define VARIABLE(name, op)                                                                      \
  "node { name: '" name "' op: '" op                                                            \
  "' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'shape' value { shape { dim { " \
  "size: 4 } } } } }"
#define FLOAT_T "attr { key: 'T' value { type: DT_FLOAT } }"
#define RESTORE                                                                        \
  "node { name: 'save/RestoreV2' op: 'RestoreV2' input: ['save/Const', 'save/names', " \
  "'save/slices'] attr { key: 'dtypes' value { list { type: [DT_FLOAT, DT_FLOAT] } } } }"

START_TEST(test_model_variable_names) {
  write_wire(
      "v.meta",
      META(
          VARIABLE("v", "VariableV2") VARIABLE("renamed", "VariableV2")
              VARIABLE("handle", "VarHandleOp") VARIABLE(
                  "l",
                  "VariableV2") "node { name: 'save/Const' op: 'Const' attr { key: 'dtype' value { "
                                "type: DT_STRING } } attr { key: 'value' value { tensor { dtype: "
                                "DT_STRING string_val: 'model' } } } }" STRINGS("save/names",
                                                                                "'other/name', 'h'")
                                    STRINGS("save/slices", "'', '10 2,4'") RESTORE
          "node { name: 'save/Assign' op: 'Assign' input: ['renamed', 'save/RestoreV2'] " FLOAT_T
          "}"
          "node { name: 'save/Identity' op: 'Identity' input: 'save/RestoreV2:1' " FLOAT_T "}"
          "node { name: 'save/AssignVariableOp' op: 'AssignVariableOp' input: ['handle', "
          "'save/Identity'] attr { key: 'dtype' value { type: DT_FLOAT } } }"),
      &tarn__proto_meta_graph_def);
  ck_assert_msg(load("v.meta") == TARN_OK, "%s", tarn_error());
  tarn_arena *arena;
  ck_assert_int_eq(tarn__arena_create(tarn__allocator_default(), &arena), TARN_OK);
  tarn_variable_entry *v;
  size_t n;
  ck_assert_int_eq(tarn__variable_entries(model, arena, &v, &n), TARN_OK);
  ck_assert_uint_eq(n, 4);
  ck_assert_str_eq(v[0].key, "w");   /* by the slice in its VariableDef */
  ck_assert(v[0].sliced);
  ck_assert_int_eq(v[0].slice.start[0], 3);
  ck_assert_str_eq(v[1].key, "other/name");
  ck_assert(!v[1].sliced);
  ck_assert_str_eq(v[2].key, "h");
  ck_assert(v[2].sliced);
  ck_assert_int_eq(v[2].slice.start[0], 2);
  ck_assert_int_eq(v[2].full.dim[0], 10);
  ck_assert_str_eq(v[3].key, "l");
  ck_assert(v[3].local);
  tarn__arena_destroy(arena);
}
END_TEST

SUITE_MAIN_TEARDOWN("model", teardown, test_model_kinds_by_content, test_model_text_says_the_same,
                    test_model_unknown_fields_are_skipped, test_model_constants_lie_in_the_file,
                    test_model_savedmodel_folder, test_model_savedmodel_text,
                    test_model_checkpoint_prefix, test_model_what_is_none,
                    test_model_damaged_graphdef, test_model_damaged_metagraph,
                    test_model_damaged_savedmodel, test_model_sessions_with_measured_choices,
                    test_model_every_allocation_may_fail, test_model_variable_names)
