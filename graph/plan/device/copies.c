/* Steps that copy values to the device and back, one a value and direction.
 *
 *   up     right behind the step that makes the value, so that the work of the device follows in
 * one piece; a constant's copy is prepared like packed weights: made once, and shared by the
 * sessions of a model down   before the first step that wants it, as late as can be: the host waits
 * for it there. What leaves the block (loop variables, results of loops and functions) right behind
 * the step that makes it, unless the loop carries it on the device read   instead of a copy up
 * where a step reads a variable: the variable is on the device itself, or comes to be. What was
 * read of a ref variable is its memory, and shows what is written later; where one side has read it
 * and the other writes it, it is read anew */
#include "graph/plan/device/device.h"

#include "graph/exec/binding.h"
#include "graph/exec/device.h"

#include <string.h>

/* The other side's value of each value of the block, or -1. */
typedef struct copies {
  tarn_builder *b;
  tarn_block *block;
  int *of;
  bool *read;   /* of[v] reads the variable that v was read from */
  int *here;    /* of what the host has read of a ref variable: the newest reading */
  int values;   /* those that of[] has: none is added but by copies, which need none */
} copies;

static const tarn_node *node_like(const tarn_block *block, int v) {
  const int p = block->value[v].producer;
  return p >= 0 ? block->step[p].node : NULL;
}

/* A step at `at` that copies value v; its output takes v's place on the other side. */
static tarn_status add(copies *c, int v, int at, const tarn_node *like) {
  tarn_builder *b = c->b;
  tarn_block *block = c->block;
  const bool up = !block->value[v].on_device,
             constant = block->value[v].constant.dtype != TARN_NO_DTYPE;
  const tarn_op *op = tarn__op_find(up ? "_Upload" : "_Download");
  if (!op)
    return tarn_fail(TARN_INVALID, "the copies between host and device are not among the ops");
  if (node_like(block, v)) like = node_like(block, v);
  const char *name = tarn__arena_printf(b->arena, "%s/%s", like ? like->name : "input",
                                        up ? "upload" : "download");
  const tarn_node *node = like;
  static const tarn_attrs none;
  static const tarn_node root = {.name = "", .device = ""};
  if (!name || !(node = tarn__plan_make_node(b, op, like ? like : &root, name, &none, 1,
                                             block->value[v].dtype)))
    return TARN_NO_MEMORY;
  const int copy = tarn__block_add_value(block, block->value[v].dtype, &block->value[v].shape);
  int *in = tarn__arena_array(b->arena, 1, sizeof *in),
      *out = tarn__arena_array(b->arena, 1, sizeof *out);
  tarn_step *step = copy < 0 || !in || !out ? NULL : tarn__block_make_room(block, at);
  if (!step) return TARN_NO_MEMORY;
  *in = v;
  *out = copy;
  tarn_value *from = &block->value[v], *to = &block->value[copy];
  *step = (tarn_step){.kind = TARN_STEP_KERNEL,
                      .name = name,
                      .node = node,
                      .op = op,
                      .attrs = &node->attrs,
                      .inputs = 1,
                      .outputs = 1,
                      .in = in,
                      .out = out,
                      .may_die = from->may_die,
                      .on_device = true};
  to->producer = at;
  to->may_die = from->may_die;
  to->on_device = up;
  TARN_TRY(tarn__binding_make_for(b->arena, step, &from->dtype, &from->shape, &from->shape,
                                  &constant, tarn__device_copy_kernel(up), 1, &step->binding));
  if (up && constant) to->storage = TARN_STORE_PREPARED;
  const size_t bytes = tarn__device_staged(&step->binding->problem);
  if (!constant) b->plan->device.staging_bytes += bytes;
  c->of[v] = copy;
  return TARN_OK;
}

/* Where a copy goes that belongs right behind the step that makes v. */
static int behind(const tarn_block *block, int v) { return block->value[v].producer + 1; }

/* Whether v is what some step has read of a variable. */
static bool is_read(const tarn_block *block, int v) {
  const tarn_value *value = &block->value[v];
  if (value->producer < 0 || value->on_device || !tarn__shape_known(&value->shape) ||
      !tarn__dtype_in(value->dtype, TARN_PLAIN))
    return false;
  const tarn_step *step = &block->step[value->producer];
  if (step->removed || step->inputs != 1 || step->outputs != 1) return false;
  if (step->kind == TARN_STEP_VIEW ||
      step->kind == TARN_STEP_PASS) /* of the variable's own shape */
    return step->deref && step->deref[0] && step->op && !strcmp(step->op->name, "Identity");
  return step->kind == TARN_STEP_KERNEL && step->op && !strcmp(step->op->name, "ReadVariableOp");
}

/* Of a ref variable, whose memory it is. */
static bool is_ref_read(const tarn_block *block, int v) {
  return is_read(block, v) && block->step[block->value[v].producer].kind != TARN_STEP_KERNEL;
}

/* Whether a step in [from, to), on the device or not, may write the variable of that handle. */
static bool written_between(const tarn_block *block, int handle, int from, int to, bool on_device) {
  const tarn_node *variable = block->value[handle].variable;
  for (int at = from; at < to; at++) {
    const tarn_step *step = &block->step[at];
    if (step->removed || step->on_device != on_device || step->kind == TARN_STEP_VIEW ||
        step->kind == TARN_STEP_PASS || tarn__device_is_read(step) ||
        (step->op && !strcmp(step->op->name, "ReadVariableOp")))
      continue;
    for (int i = 0; i < step->inputs; i++) {
      const tarn_value *v = &block->value[step->in[i]];
      const bool is_handle =
          (v->is_ref || v->dtype == TARN_RESOURCE) && !(step->deref && step->deref[i]);
      if (is_handle && (!variable || !v->variable || v->variable == variable)) return true;
    }
  }
  return false;
}

/* Reads anew, before step `at`, on the host; the value. */
static tarn_status read_here(copies *c, int v, int at) {
  tarn_builder *b = c->b;
  tarn_block *block = c->block;
  tarn_step read = block->step[block->value[v].producer];
  const tarn_shape shape = block->value[v].shape;
  const bool may_die = block->value[v].may_die;
  const int again = tarn__block_add_value(block, block->value[v].dtype, &shape);
  int *out = tarn__arena_array(b->arena, 1, sizeof *out);
  tarn_step *step = again < 0 || !out ? NULL : tarn__block_make_room(block, at);
  if (!step) return TARN_NO_MEMORY;
  *out = again;
  read.out = out;
  read.controls = read.guards = 0;
  read.kept = false;
  *step = read;
  block->value[again].producer = at;
  block->value[again].may_die = may_die;
  c->here[v] = again;
  return TARN_OK;
}

/* A step at `at` that reads a variable where it is on the device; *out is its value. */
static tarn_status add_read(copies *c, int handle, tarn_dtype dtype, const tarn_shape *shape,
                            int at, const tarn_node *like, bool may_die, int *out) {
  tarn_builder *b = c->b;
  tarn_block *block = c->block;
  const tarn_op *op = tarn__op_find("_ReadOnDevice");
  static const tarn_attrs none;
  const char *name = op ? tarn__arena_printf(b->arena, "%s/on_device", like->name) : NULL;
  const tarn_node *node = name ? tarn__plan_make_node(b, op, like, name, &none, 1, dtype) : NULL;
  const int copy = tarn__block_add_value(block, dtype, shape);
  int *in = tarn__arena_array(b->arena, 1, sizeof *in),
      *outs = tarn__arena_array(b->arena, 1, sizeof *outs);
  tarn_step *step = !node || copy < 0 || !in || !outs ? NULL : tarn__block_make_room(block, at);
  if (!op) return tarn_fail(TARN_INVALID, "reading variables on a device is not among the ops");
  if (!step) return TARN_NO_MEMORY;
  *in = handle;
  *out = *outs = copy;
  *step = (tarn_step){.kind = TARN_STEP_KERNEL,
                      .name = name,
                      .node = node,
                      .op = op,
                      .attrs = &node->attrs,
                      .inputs = 1,
                      .outputs = 1,
                      .in = in,
                      .out = outs,
                      .may_die = may_die,
                      .on_device = true};
  tarn_value *value = &block->value[copy];
  value->producer = at;
  value->may_die = may_die;
  value->on_device = true;
  value->storage = TARN_STORE_VARIABLE;
  const tarn_dtype resource = TARN_RESOURCE;
  const tarn_shape scalar = tarn__shape_scalar();
  const bool stable = false;
  return tarn__binding_make_for(b->arena, step, &resource, &scalar, shape, &stable,
                                tarn__device_read_kernel(), 1, &step->binding);
}

/* Step *at, on the device, reads input i from a ref variable. */
static tarn_status read_ref(copies *c, int *at, int i) {
  tarn_block *block = c->block;
  const tarn_step *step = &block->step[*at];
  const int handle = step->in[i];
  const tarn_shape shape = step->binding->problem.in_shape[i];
  int out;
  TARN_TRY(add_read(c, handle, block->value[handle].dtype, &shape, *at, step->node, step->may_die,
                    &out));
  ++*at;
  block->step[*at].in[i] = out;
  block->step[*at].deref[i] = false;
  return TARN_OK;
}

/* Step *at, on the device or not, wants what was read of a ref variable: the newest reading of its
 * side comes to be one that shows what the other side has written. */
static tarn_status renew(copies *c, int *at, int v, bool device, const tarn_node *like) {
  tarn_block *block = c->block;
  const int reader = block->value[v].producer, handle = block->step[reader].in[0];
  const int last = !device ? c->here[v] : c->of[v] >= 0 ? c->of[v] : v;
  if (!written_between(block, handle, block->value[last].producer + 1, *at, !device))
    return TARN_OK;
  const tarn_value of = block->value[v];
  TARN_TRY(device ? add_read(c, handle, of.dtype, &of.shape, *at, like, of.may_die, &c->of[v])
                  : read_here(c, v, *at));
  c->read[v] = c->read[v] || device;
  ++*at;
  return TARN_OK;
}

/* Step *at reads v on the other side; *at moves when a step comes before it. */
static tarn_status redirect(copies *c, int *at, int i) {
  tarn_block *block = c->block;
  const int v = block->step[*at].in[i];
  if (c->of[v] < 0) {
    const int where = block->value[v].on_device ? *at : behind(block, v);
    if (is_read(block, v)) {
      const tarn_step *reader = &block->step[block->value[v].producer];
      const tarn_shape shape = block->value[v].shape;
      TARN_TRY(add_read(c, reader->in[0], block->value[v].dtype, &shape, where, reader->node,
                        block->value[v].may_die, &c->of[v]));
      c->read[v] = true;
    } else {
      TARN_TRY(add(c, v, where, block->step[*at].node));
    }
    ++*at;
  }
  block->step[*at].in[i] = c->of[v];
  return TARN_OK;
}

/* A value that leaves the block is the host's. */
static tarn_status bring_home(copies *c, int *v, int at) {
  tarn_block *block = c->block;
  if (!block->value[*v].on_device) return TARN_OK;
  if (c->of[*v] < 0) {
    TARN_TRY(add(c, *v, at, NULL));
    /* it belongs to what runs before the loop decides */
    if (block->straight && block->stop_at == at) block->stop_at++;
  }
  *v = c->of[*v];
  return TARN_OK;
}

/* It comes home when the loop ends (exec/loop.c). */
static bool stays_there(const tarn_block *block, int v) {
  return block->straight && block->value[v].on_device && block->value[v].producer < 0;
}

/* What only steps of the device read of a variable is read there alone. */
static tarn_status drop_reads(const copies *c) {
  tarn_block *block = c->block;
  const int *uses = tarn__block_uses(block);
  if (!uses) return TARN_NO_MEMORY;
  for (int v = 0; v < c->values; v++)
    if (c->read[v] && !uses[v] && !block->value[v].may_die)
      block->step[block->value[v].producer].removed = true;
  return TARN_OK;
}

tarn_status tarn__device_copies(tarn_builder *b, tarn_block *block) {
  copies c = {.b = b, .block = block, .values = block->values};
  c.of = tarn__arena_array(b->arena, (size_t)block->values + 1, sizeof *c.of);
  c.read = tarn__arena_array(b->arena, (size_t)block->values + 1, sizeof *c.read);
  c.here = tarn__block_aliases(block);
  if (!c.of || !c.read || !c.here) return TARN_NO_MEMORY;
  for (int v = 0; v < c.values; v++) c.of[v] = -1;
  if (block != b->plan->root) {
    for (int k = 0; k < block->loop_vars; k++)
      if (!block->straight || !block->value[block->carried[k]].on_device)
        TARN_TRY(bring_home(&c, &block->next[k], behind(block, block->next[k])));
    for (int k = 0; k < block->results; k++)
      if (!stays_there(block, block->result[k]))
        TARN_TRY(bring_home(&c, &block->result[k], behind(block, block->result[k])));
    if (block->straight)
      TARN_TRY(bring_home(&c, &block->stop_value, behind(block, block->stop_value)));
  }
  for (int at = 0; at < block->steps; at++) {
    if (block->step[at].removed) continue;
    for (int i = 0; i < block->step[at].inputs; i++) {
      const int v = block->step[at].in[i];
      if (v >= c.values) continue;   /* a copy */
      if (block->step[at].on_device && block->step[at].deref && block->step[at].deref[i]) {
        TARN_TRY(read_ref(&c, &at, i));
        continue;
      }
      if (is_ref_read(block, v)) {
        const bool there = tarn__step_wants_device(&block->step[at], i);
        TARN_TRY(renew(&c, &at, v, there,
                       block->step[at].node ? block->step[at].node : node_like(block, v)));
        if (!there) block->step[at].in[i] = c.here[v];
        if (!there) continue;
      }
      const bool device = block->value[v].on_device;
      if (device ? tarn__step_wants_host(block, &block->step[at], i)
                 : tarn__step_wants_device(&block->step[at], i))
        TARN_TRY(redirect(&c, &at, i));
    }
  }
  for (int k = 0; k < block->results && block == b->plan->root; k++) {
    const int v = block->result[k];
    int end = block->steps;
    if (v < c.values && is_ref_read(block, v)) {
      TARN_TRY(renew(&c, &end, v, false, NULL));
      block->result[k] = c.here[v];
    }
    TARN_TRY(bring_home(&c, &block->result[k], block->steps));
  }
  return drop_reads(&c);
}
