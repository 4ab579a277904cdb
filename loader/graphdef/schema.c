/* The table of messages: see schema.h. Field numbers are TensorFlow's own (the .proto files of
 * tensorflow/core/framework and tensorflow/core/protobuf). */
#include "loader/graphdef/schema.h"

#define F(number, name, kind) {number, #name, TARN_PROTO_##kind, false, NULL}
#define R(number, name, kind) {number, #name, TARN_PROTO_##kind, true, NULL}
#define M(number, name, message) {number, #name, TARN_PROTO_MESSAGE, false, &message}
#define RM(number, name, message) {number, #name, TARN_PROTO_MESSAGE, true, &message}
#define MESSAGE(id, text, ...)                                 \
  static const tarn_proto_field id##_fields[] = {__VA_ARGS__}; \
  static const tarn_proto_message id = {text, id##_fields,     \
                                        sizeof id##_fields / sizeof id##_fields[0]}

/* ---- shapes, tensors ---- */

MESSAGE(dim, "TensorShapeProto.Dim", F(1, size, INT64), F(2, name, STRING));
MESSAGE(shape, "TensorShapeProto", RM(2, dim, dim), F(3, unknown_rank, BOOL));

static const tarn_proto_message tensor;
MESSAGE(dtype_and_shape, "ResourceHandleProto.DtypeAndShape", F(1, dtype, DTYPE),
        M(2, shape, shape));
MESSAGE(resource, "ResourceHandleProto", F(1, device, STRING), F(2, container, STRING),
        F(3, name, STRING), F(4, hash_code, UINT64), F(5, maybe_type_name, STRING),
        RM(6, dtypes_and_shapes, dtype_and_shape));
MESSAGE(variant, "VariantTensorDataProto", F(1, type_name, STRING), F(2, metadata, BYTES),
        RM(3, tensors, tensor));
MESSAGE(tensor, "TensorProto", F(1, dtype, DTYPE), M(2, tensor_shape, shape),
        F(3, version_number, INT32), F(4, tensor_content, BYTES), R(5, float_val, FLOAT),
        R(6, double_val, DOUBLE), R(7, int_val, INT32), R(8, string_val, BYTES),
        R(9, scomplex_val, FLOAT), R(10, int64_val, INT64), R(11, bool_val, BOOL),
        R(12, dcomplex_val, DOUBLE), R(13, half_val, INT32), RM(14, resource_handle_val, resource),
        RM(15, variant_val, variant), R(16, uint32_val, UINT32), R(17, uint64_val, UINT64),
        F(18, float8_val, BYTES));

/* ---- attributes, nodes ---- */

static const tarn_proto_message attr_value;
MESSAGE(attr_entry, "attr entry", F(1, key, STRING), M(2, value, attr_value));
MESSAGE(name_attr_list, "NameAttrList", F(1, name, STRING), RM(2, attr, attr_entry));
MESSAGE(list_value, "AttrValue.ListValue", R(2, s, BYTES), R(3, i, INT64), R(4, f, FLOAT),
        R(5, b, BOOL), R(6, type, DTYPE), RM(7, shape, shape), RM(8, tensor, tensor),
        RM(9, func, name_attr_list));
MESSAGE(attr_value, "AttrValue", M(1, list, list_value), F(2, s, BYTES), F(3, i, INT64),
        F(4, f, FLOAT), F(5, b, BOOL), F(6, type, DTYPE), M(7, shape, shape), M(8, tensor, tensor),
        F(9, placeholder, STRING), M(10, func, name_attr_list));
MESSAGE(node_debug, "NodeDef.ExperimentalDebugInfo", R(1, original_node_names, STRING),
        R(2, original_func_names, STRING));
MESSAGE(node, "NodeDef", F(1, name, STRING), F(2, op, STRING), R(3, input, STRING),
        F(4, device, STRING), RM(5, attr, attr_entry), M(6, experimental_debug_info, node_debug),
        F(7, experimental_type, OPAQUE));
MESSAGE(version, "VersionDef", F(1, producer, INT32), F(2, min_consumer, INT32),
        R(3, bad_consumers, INT32));

/* ---- functions ---- */

MESSAGE(arg_def, "OpDef.ArgDef", F(1, name, STRING), F(2, description, STRING), F(3, type, DTYPE),
        F(4, type_attr, STRING), F(5, number_attr, STRING), F(6, type_list_attr, STRING),
        R(7, handle_data, OPAQUE), F(16, is_ref, BOOL), F(17, experimental_full_type, OPAQUE));
MESSAGE(attr_def, "OpDef.AttrDef", F(1, name, STRING), F(2, type, STRING),
        M(3, default_value, attr_value), F(4, description, STRING), F(5, has_minimum, BOOL),
        F(6, minimum, INT64), M(7, allowed_values, attr_value));
MESSAGE(deprecation, "OpDeprecation", F(1, version, INT32), F(2, explanation, STRING));
MESSAGE(op_def, "OpDef", F(1, name, STRING), RM(2, input_arg, arg_def), RM(3, output_arg, arg_def),
        RM(4, attr, attr_def), F(5, summary, STRING), F(6, description, STRING),
        M(8, deprecation, deprecation), F(16, is_aggregate, BOOL), F(17, is_stateful, BOOL),
        F(18, is_commutative, BOOL), F(19, allows_uninitialized_input, BOOL),
        R(20, control_output, STRING), F(21, is_distributed_communication, BOOL));
MESSAGE(op_list, "OpList", RM(1, op, op_def));
MESSAGE(text_entry, "text entry", F(1, key, STRING), F(2, value, STRING));
MESSAGE(arg_attrs, "FunctionDef.ArgAttrs", RM(1, attr, attr_entry));
MESSAGE(arg_attr_entry, "arg_attr entry", F(1, key, UINT32), M(2, value, arg_attrs));
MESSAGE(arg_id_entry, "resource_arg_unique_id entry", F(1, key, UINT32), F(2, value, UINT32));
MESSAGE(function, "FunctionDef", M(1, signature, op_def), RM(3, node_def, node),
        RM(4, ret, text_entry), RM(5, attr, attr_entry), RM(6, control_ret, text_entry),
        RM(7, arg_attr, arg_attr_entry), RM(8, resource_arg_unique_id, arg_id_entry));
MESSAGE(gradient, "GradientDef", F(1, function_name, STRING), F(2, gradient_func, STRING));
MESSAGE(registered_gradient, "RegisteredGradient", F(1, gradient_func, STRING),
        F(2, registered_op_type, STRING));
MESSAGE(library, "FunctionDefLibrary", RM(1, function, function), RM(2, gradient, gradient),
        RM(3, registered_gradients, registered_gradient));

/* ---- whole files ---- */

static const tarn_proto_field graph_def_fields[] = {RM(1, node, node), M(2, library, library),
                                                    F(3, version, INT32), M(4, versions, version),
                                                    F(5, debug_info, OPAQUE)};
const tarn_proto_message tarn__proto_graph_def = {"GraphDef", graph_def_fields, 5};

MESSAGE(meta_info, "MetaGraphDef.MetaInfoDef", F(1, meta_graph_version, STRING),
        M(2, stripped_op_list, op_list), F(3, any_info, OPAQUE), R(4, tags, STRING),
        F(5, tensorflow_version, STRING), F(6, tensorflow_git_version, STRING),
        F(7, stripped_default_attrs, BOOL), RM(8, function_aliases, text_entry));
MESSAGE(saver, "SaverDef", F(1, filename_tensor_name, STRING), F(2, save_tensor_name, STRING),
        F(3, restore_op_name, STRING), F(4, max_to_keep, INT32), F(5, sharded, BOOL),
        F(6, keep_checkpoint_every_n_hours, FLOAT), F(7, version, SAVER_VERSION));
MESSAGE(node_list, "CollectionDef.NodeList", R(1, value, STRING));
MESSAGE(bytes_list, "CollectionDef.BytesList", R(1, value, BYTES));
MESSAGE(int64_list, "CollectionDef.Int64List", R(1, value, INT64));
MESSAGE(float_list, "CollectionDef.FloatList", R(1, value, FLOAT));
MESSAGE(any_list, "CollectionDef.AnyList", R(1, value, OPAQUE));
MESSAGE(collection, "CollectionDef", M(1, node_list, node_list), M(2, bytes_list, bytes_list),
        M(3, int64_list, int64_list), M(4, float_list, float_list), M(5, any_list, any_list));
MESSAGE(collection_entry, "collection_def entry", F(1, key, STRING), M(2, value, collection));
MESSAGE(coo_sparse, "TensorInfo.CooSparse", F(1, values_tensor_name, STRING),
        F(2, indices_tensor_name, STRING), F(3, dense_shape_tensor_name, STRING));
MESSAGE(tensor_info, "TensorInfo", F(1, name, STRING), F(2, dtype, DTYPE),
        M(3, tensor_shape, shape), M(4, coo_sparse, coo_sparse), F(5, composite_tensor, OPAQUE));
MESSAGE(tensor_info_entry, "signature entry", F(1, key, STRING), M(2, value, tensor_info));
MESSAGE(default_entry, "signature default", F(1, key, STRING), M(2, value, tensor));
MESSAGE(signature, "SignatureDef", RM(1, inputs, tensor_info_entry),
        RM(2, outputs, tensor_info_entry), F(3, method_name, STRING),
        RM(4, defaults, default_entry));
MESSAGE(signature_entry, "signature_def entry", F(1, key, STRING), M(2, value, signature));
MESSAGE(asset, "AssetFileDef", M(1, tensor_info, tensor_info), F(2, filename, STRING));
static const tarn_proto_field meta_graph_fields[] = {M(1, meta_info_def, meta_info),
                                                     M(2, graph_def, tarn__proto_graph_def),
                                                     M(3, saver_def, saver),
                                                     RM(4, collection_def, collection_entry),
                                                     RM(5, signature_def, signature_entry),
                                                     RM(6, asset_file_def, asset),
                                                     F(7, object_graph_def, OPAQUE)};
const tarn_proto_message tarn__proto_meta_graph_def = {"MetaGraphDef", meta_graph_fields, 7};

static const tarn_proto_field saved_model_fields[] = {
    F(1, saved_model_schema_version, INT64), RM(2, meta_graphs, tarn__proto_meta_graph_def)};
const tarn_proto_message tarn__proto_saved_model = {"SavedModel", saved_model_fields, 2};

#undef F
#undef R
#undef M
#undef RM
#undef MESSAGE

const tarn_proto_field *tarn__proto_field_number(const tarn_proto_message *m, uint32_t number) {
  for (size_t i = 0; i < m->count; i++)
    if (m->fields[i].number == number) return &m->fields[i];
  return NULL;
}

const tarn_proto_field *tarn__proto_field_name(const tarn_proto_message *m, const char *name,
                                               size_t bytes) {
  for (size_t i = 0; i < m->count; i++)
    if (strlen(m->fields[i].name) == bytes && memcmp(m->fields[i].name, name, bytes) == 0)
      return &m->fields[i];
  return NULL;
}

/* All of TensorFlow's names, also of types that tarn does not compute with: a graph may carry them
 * on nodes that nobody runs. The position is the number. */
static const char *const dtype_names[] = {"INVALID",
                                          "FLOAT",
                                          "DOUBLE",
                                          "INT32",
                                          "UINT8",
                                          "INT16",
                                          "INT8",
                                          "STRING",
                                          "COMPLEX64",
                                          "INT64",
                                          "BOOL",
                                          "QINT8",
                                          "QUINT8",
                                          "QINT32",
                                          "BFLOAT16",
                                          "QINT16",
                                          "QUINT16",
                                          "UINT16",
                                          "COMPLEX128",
                                          "HALF",
                                          "RESOURCE",
                                          "VARIANT",
                                          "UINT32",
                                          "UINT64",
                                          "FLOAT8_E5M2",
                                          "FLOAT8_E4M3FN",
                                          "FLOAT8_E4M3FNUZ",
                                          "FLOAT8_E4M3B11FNUZ",
                                          "FLOAT8_E5M2FNUZ",
                                          "INT4",
                                          "UINT4",
                                          "INT2",
                                          "UINT2",
                                          "FLOAT4_E2M1FN"};

int32_t tarn__proto_dtype(const char *name, size_t bytes) {
  if (bytes < 4 || memcmp(name, "DT_", 3) != 0) return -1;
  name += 3;
  bytes -= 3;
  bool is_ref = bytes > 4 && memcmp(name + bytes - 4, "_REF", 4) == 0;
  if (is_ref) bytes -= 4;
  for (int32_t i = 0; i < (int32_t)(sizeof dtype_names / sizeof dtype_names[0]); i++)
    if (strlen(dtype_names[i]) == bytes && memcmp(dtype_names[i], name, bytes) == 0)
      return is_ref && i > 0 ? i + 100 : is_ref ? -1 : i;
  return -1;
}

const char *tarn__proto_dtype_name(int32_t number) {
  const int32_t count = (int32_t)(sizeof dtype_names / sizeof dtype_names[0]);
  const int32_t plain = number > 100 ? number - 100 : number;
  return plain >= 0 && plain < count ? dtype_names[plain] : NULL;
}
