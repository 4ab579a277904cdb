/* How long each value is needed, and where it lives.
 *
 * Values of blocks whose size is known get fixed places in an arena: those that live at the same
 * time must not overlap, all others may (placement.c). The blocks of a step (loops, branches) have
 * their part of the arena for as long as the step runs. An op that may overwrite an input that dies
 * with it takes over that input's place. Small values that a loop carries have a place of their
 * own, into which a round's result is copied. Everything else (results, strings, unknown sizes,
 * large values that something keeps) is counted memory of the run.
 *
 * Values in a device's memory have an arena of their own there, laid out in the same way. */
#include <string.h>

#include "graph/plan/builder.h"
#include "graph/plan/device/device.h"
#include "graph/plan/fold.h"
#include "graph/plan/lanes.h"
#include "graph/plan/memory/joins.h"
#include "graph/plan/memory/parts.h"
#include "graph/plan/memory/placement.h"

enum { FOREVER = INT32_MAX, SMALL = 4096 }; /* bytes that are sooner copied than counted */
enum { JOINS_TRIED = 64 };                  /* more of them several at once */

static bool shares(const tarn_step *step) {
  if (step->part) return true;
  switch (step->kind) {
    case TARN_STEP_VIEW:
    case TARN_STEP_PASS:
    case TARN_STEP_SWITCH:
    case TARN_STEP_MERGE:
    case TARN_STEP_REF_SELECT:
      return true;
    case TARN_STEP_KERNEL:
    case TARN_STEP_GATE:
    case TARN_STEP_LOOP:
    case TARN_STEP_IF:
    case TARN_STEP_WHILE:
    case TARN_STEP_CALL:
      return false;
  }
  return false;
}

static bool plain(const tarn_value *v) {
  return !v->is_ref && v->dtype != TARN_STRING && v->dtype != TARN_RESOURCE &&
         v->dtype != TARN_VARIANT;
}

static size_t bytes_of(const tarn_value *v) {
  const size_t bytes = (size_t)tarn__shape_elements(&v->shape) * tarn_dtype_bytes(v->dtype);
  return (bytes + TARN_ALIGN - 1) / TARN_ALIGN * TARN_ALIGN;
}

static bool fixed_size(const tarn_value *v) {
  return !v->constant.dtype && plain(v) && tarn__shape_known(&v->shape);
}

/* What a straight loop carries has a place of its own when it is small and a kernel makes the next
 * one, or a merge passes it on; on the device however large it is, but only of kernels. */
static bool carried_in_place(const tarn_block *block, int k) {
  const tarn_value *c = &block->value[block->carried[k]], *n = &block->value[block->next[k]];
  if (!block->straight || !fixed_size(c) || !fixed_size(n) || c->dtype != n->dtype ||
      !tarn__shape_equal(&c->shape, &n->shape) || n->producer < 0 ||
      (!c->on_device && bytes_of(c) > SMALL))
    return false;
  const tarn_step *step = &block->step[n->producer];
  return (step->kind == TARN_STEP_MERGE && !c->on_device && !n->on_device) ||
         (step->kind == TARN_STEP_KERNEL && step->binding);
}

static void needed(const tarn_block *block, tarn_value *v, int until) {
  v->last_use = block->sections ? tarn__lanes_last_use(block, v->last_use, until)
                : v->last_use < until ? until : v->last_use;
}

static void last_uses(tarn_block *block) {
  for (int v = 0; v < block->values; v++) block->value[v].last_use = -1;
  for (int i = 0; i < block->results && !block->straight; i++)
    block->value[block->result[i]].last_use = FOREVER;
  for (int i = 0; i < block->loop_vars; i++) {
    const int until = carried_in_place(block, i) ? block->steps : FOREVER;
    tarn_value *v = &block->value[block->next[i]];
    if (v->last_use < until) v->last_use = until;
  }
  if (block->straight) { /* the loop ends between two steps: what it leaves must be there */
    const int stop = block->stop_at < block->steps ? block->stop_at : FOREVER;
    for (int i = 0; i < block->results; i++) {
      tarn_value *v = &block->value[block->result[i]];
      if (v->last_use < stop) v->last_use = stop;
    }
    if (block->value[block->stop_value].last_use < stop)
      block->value[block->stop_value].last_use = stop;
  }
  for (int at = block->steps - 1; at >= 0; at--) {
    const tarn_step *step = &block->step[at];
    if (step->removed) continue;
    int until = at;
    for (int k = 0; k < step->outputs; k++) {
      tarn_value *v = &block->value[step->out[k]];
      needed(block, v, at);
      if (shares(step) && v->last_use > until) until = v->last_use;
    }
    for (int i = 0; i < step->inputs; i++) needed(block, &block->value[step->in[i]], until);
  }
}

static int end_of(const tarn_stretch *s) { return s->ends_in ? s->ends_at : s->last; }

/* The stretch whose place output 0 may take over, or NULL. Shapes and element sizes must be the
 * same: an input that is broadcast is read again after its place was written, and stretches round
 * bytes up, so bytes alone do not tell. */
static tarn_stretch *inherited(const tarn_block *block, const tarn_step *step, int at,
                               tarn_stretch *const *of_value) {
  if (!step->op || !step->op->inplace || step->op->inplace > step->inputs) return NULL;
  int in = step->in[step->op->inplace - 1];
  for (int i = 0; i < step->inputs; i++)
    if (i != step->op->inplace - 1 && step->in[i] == in) return NULL;
  const tarn_value *from = &block->value[in], *to = &block->value[step->out[0]];
  if (!tarn__shape_equal(&from->shape, &to->shape) ||
      tarn_dtype_bytes(from->dtype) != tarn_dtype_bytes(to->dtype))
    return NULL;
  in = tarn__value_whole(block, in);
  if (in < 0 || block->value[in].within >= 0) return NULL; /* it may begin elsewhere */
  tarn_stretch *s = of_value[in];
  if (!s || end_of(s) != at || s->bytes != bytes_of(to)) return NULL;
  for (int i = 0; i < step->inputs; i++) { /* another input may be a view of the same place */
    int other = step->in[i];
    if (i == step->op->inplace - 1) continue;
    while (block->value[other].view_of >= 0) other = block->value[other].view_of;
    if (of_value[other] == s) return NULL;
  }
  return s;
}

/* Values that a step may hold on to (arrays, stacks, variables, other blocks): where they are large
 * they are counted, so that holding them costs no copy. */
static bool *held(tarn_builder *b, const tarn_block *block) {
  bool *is_held = tarn__arena_array(b->arena, (size_t)block->values + 1, sizeof(bool));
  if (!is_held || block == b->plan->root) return is_held;
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    if (step->removed || (step->kind == TARN_STEP_KERNEL && !(step->op->flags & TARN_OP_STATEFUL) &&
                          (!step->outputs || block->value[step->out[0]].dtype != TARN_VARIANT)))
      continue;
    for (int i = 0; i < step->inputs; i++) is_held[step->in[i]] = true;
  }
  return is_held;
}

static int place_carried(tarn_block *block, bool device, tarn_stretch *all,
                         tarn_stretch **of_value) {
  int count = 0;
  for (int k = 0; block->straight && k < block->loop_vars; k++) {
    tarn_value *c = &block->value[block->carried[k]];
    c->carried = true;
    if (c->on_device != device || !carried_in_place(block, k)) continue;
    all[count] = (tarn_stretch){.first = 0, .last = block->steps, .bytes = bytes_of(c)};
    c->storage = TARN_STORE_ARENA;
    of_value[block->carried[k]] = &all[count++];
  }
  return count;
}

/* The stretches of the values that steps make, on the host or on the device. */
static int place_outputs(tarn_block *block, bool device, const bool *is_held, tarn_stretch *all,
                         int count, tarn_stretch **of_value) {
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    if (step->removed) continue;
    if (step->kind == TARN_STEP_VIEW && !step->deref)
      block->value[step->out[0]].view_of = step->in[0];
    for (int k = 0; step->part && k < step->outputs; k++)
      block->value[step->out[k]].view_of = step->in[step->part_of];
    if (step->kind != TARN_STEP_KERNEL || !step->binding || step->part) continue;
    for (int k = 0; k < step->outputs; k++) {
      tarn_value *v = &block->value[step->out[k]];
      if (v->on_device != device || v->last_use == FOREVER || !fixed_size(v) || v->producer != at ||
          v->storage == TARN_STORE_PREPARED || v->storage == TARN_STORE_VARIABLE ||
          v->storage == TARN_STORE_LEFT_OUT ||
          (!device && is_held[step->out[k]] && bytes_of(v) > SMALL))
        continue;
      v->storage = TARN_STORE_ARENA;
      size_t from;
      const int around = tarn__value_around(block, step->out[k], &from);
      const tarn_value *whole = &block->value[around];
      tarn_stretch *s = of_value[around]; /* made with the first that lies within */
      if (!s && k == 0 && whole == v) s = inherited(block, step, at, of_value);
      if (!s) {
        s = &all[count++];
        *s = (tarn_stretch){.bytes = bytes_of(whole)};
        tarn__stretch_begin(block, s, at);
        tarn__stretch_end(block, s, whole->last_use);
      } else if (s->begins_in && whole != v && tarn__lane_at(block, at) != s->begins_in) {
        s->begins_in = 0; /* parts of one whole from several lanes */
      }
      if (end_of(s) < v->last_use) tarn__stretch_end(block, s, v->last_use);
      of_value[around] = of_value[step->out[k]] = s;
    }
  }
  return count;
}

/* What the blocks of a step need while it runs: one after another, in the same place. Planned
 * already: a block comes after the one that it is in. */
static size_t inside(const tarn_step *step, bool device, bool bound) {
  size_t most = 0;
  for (int k = 0; k < step->blocks; k++) {
    const tarn_block *block = step->block[k];
    if (!block) continue;
    const size_t bytes = device ? (bound ? block->device_bound_bytes : block->device_bytes)
                                : (bound ? block->lower_bound_bytes : block->arena_bytes);
    if (bytes > most) most = bytes;
  }
  return most;
}

/* A block's values and what is in its steps, as stretches. */
typedef struct layout {
  tarn_builder *b;
  tarn_block *block;
  bool device; /* those in the device's memory */
  bool *is_held;
  tarn_stretch *all, **of_value;
  int own, count; /* stretches of the block's own values, and with those of the blocks inside */
} layout;

static void stretch_inside(layout *l, bool bound) {
  l->count = l->own;
  for (int at = 0; at < l->block->steps; at++) {
    const size_t bytes =
        l->block->step[at].removed ? 0 : inside(&l->block->step[at], l->device, bound);
    if (bytes) l->all[l->count++] = (tarn_stretch){.first = at, .last = at, .bytes = bytes};
  }
}

/* The stretches, and what they need at least. */
static tarn_status stretch(layout *l, size_t *bound) {
  tarn_block *block = l->block;
  memset(l->of_value, 0, ((size_t)block->values + 1) * sizeof *l->of_value);
  l->own = place_carried(block, l->device, l->all, l->of_value);
  l->own = place_outputs(block, l->device, l->is_held, l->all, l->own, l->of_value);
  stretch_inside(l, true);
  if (block->sections) return tarn__lanes_bound(block, l->all, l->count, l->b->arena, bound);
  return tarn__place_bound(l->all, l->count, block->steps + 1, l->b->arena, bound);
}

/* What is joined lives from its first part on, which may be longer than before: joins are done as
 * far as no more memory is needed for them. */
static tarn_status join(layout *l, size_t *bound) {
  tarn_block *block = l->block;
  tarn_join *found;
  int n;
  TARN_TRY(tarn__joins_find(l->b, block, l->device, l->is_held, &found, &n));
  const int each = (n + JOINS_TRIED - 1) / JOINS_TRIED;
  size_t least = *bound, now;
  for (int i = 0; i < n; i += each) {
    bool any = false;
    for (int k = i; k < i + each && k < n; k++) any |= tarn__join_do(block, &found[k]);
    if (!any) continue;
    TARN_TRY(stretch(l, &now));
    for (int k = i; now > least && k < i + each && k < n; k++) tarn__join_undo(block, &found[k]);
    if (now < least) least = now;
  }
  return n ? stretch(l, bound) : TARN_OK;
}

/* Offsets from the beginning of the block's own part of the host's or the device's arena, and how
 * large that is with the blocks inside. */
static tarn_status arena(tarn_builder *b, tarn_block *block, bool device) {
  size_t *bound = device ? &block->device_bound_bytes : &block->lower_bound_bytes;
  size_t *bytes = device ? &block->device_bytes : &block->arena_bytes;
  const size_t n = (size_t)block->values + (size_t)block->steps + 1;
  layout l = {.b = b,
              .block = block,
              .device = device,
              .all = tarn__arena_array(b->arena, n, sizeof *l.all),
              .of_value = tarn__arena_array(b->arena, n, sizeof *l.of_value),
              .is_held = held(b, block)};
  if (!l.all || !l.of_value || !l.is_held) return TARN_NO_MEMORY;
  /* The bound knows what blocks need at least, the placement what they were given. */
  TARN_TRY(stretch(&l, bound));
  TARN_TRY(join(&l, bound));
  stretch_inside(&l, false);
  TARN_TRY(tarn__place(l.all, l.count, *bound, b->arena, bytes));
  for (int v = 0; v < block->values; v++) {
    size_t from;
    (void)tarn__value_around(block, v, &from);
    if (l.of_value[v]) block->value[v].offset = l.of_value[v]->offset + from;
  }
  for (int k = l.own; k < l.count; k++) {
    const tarn_step *step = &block->step[l.all[k].first];
    for (int i = 0; i < step->blocks; i++)
      if (step->block[i])
        *(device ? &step->block[i]->device_offset : &step->block[i]->arena_offset) =
            l.all[k].offset;
  }
  return TARN_OK;
}

/* The blocks that steps run, each behind the one that it is in; then those that passes have
 * emptied. */
static tarn_status outer_first(tarn_builder *b, tarn_block ***order) {
  const tarn_plan *plan = b->plan;
  tarn_block **list = tarn__arena_array(b->arena, (size_t)plan->blocks + 1, sizeof *list);
  bool *there = tarn__arena_array(b->arena, (size_t)plan->blocks + 1, sizeof *there);
  if (!list || !there) return TARN_NO_MEMORY;
  int count = 0;
  list[count++] = plan->root;
  there[plan->root->id] = true;
  for (int i = 0; i < plan->blocks; i++) {
    if (i == count) {
      int rest = 0;
      while (there[rest]) rest++;
      there[rest] = true;
      list[count++] = plan->block[rest];
    }
    for (int at = 0; at < list[i]->steps; at++)
      for (int k = 0; k < list[i]->step[at].blocks; k++) {
        tarn_block *block = list[i]->step[at].block[k];
        if (!block || list[i]->step[at].removed || there[block->id]) continue;
        there[block->id] = true;
        list[count++] = block;
      }
  }
  *order = list;
  return TARN_OK;
}

/* Offsets of the block's part become offsets in the arena; its own place is known. */
static void settle(tarn_block *block) {
  for (int at = 0; at < block->steps; at++)
    for (int k = 0; k < block->step[at].blocks; k++)
      if (block->step[at].block[k] && !block->step[at].removed) {
        block->step[at].block[k]->arena_offset += block->arena_offset;
        block->step[at].block[k]->device_offset += block->device_offset;
      }
  for (int v = 0; v < block->values; v++)
    if (block->value[v].storage == TARN_STORE_ARENA)
      block->value[v].offset +=
          block->value[v].on_device ? block->device_offset : block->arena_offset;
}

/* For each step the counted values that no later step needs. */
static tarn_status releases(tarn_builder *b, tarn_block *block) {
  int *count = tarn__arena_array(b->arena, (size_t)block->steps + 1, sizeof(int));
  if (!count) return TARN_NO_MEMORY;
  for (int pass = 0; pass < 2; pass++) {
    for (int v = 0; v < block->values; v++) {
      const tarn_value *value = &block->value[v];
      if ((value->storage != TARN_STORE_RUN && value->storage != TARN_STORE_VARIABLE) ||
          value->producer < 0 || value->last_use < 0 || value->last_use >= block->steps)
        continue;
      tarn_step *step = &block->step[value->last_use];
      if (pass)
        step->release[step->releases++] = v;
      else
        count[value->last_use]++;
    }
    for (int at = 0; !pass && at < block->steps; at++)
      if (count[at] &&
          !(block->step[at].release = tarn__arena_array(b->arena, (size_t)count[at], sizeof(int))))
        return TARN_NO_MEMORY;
  }
  return TARN_OK;
}

/* Constants that may go once a kernel has packed them (filters that a pass has scaled: the
 * variable's own copy stays). */
static tarn_status spends(tarn_block *block) {
  int *uses = tarn__block_uses(block);
  if (!uses) return TARN_NO_MEMORY;
  for (int at = 0; at < block->steps; at++) {
    tarn_step *step = &block->step[at];
    if (step->removed || !step->binding || !step->binding->prepared_bytes) continue;
    for (int i = 0; i < step->inputs && i < 32; i++)
      if (step->binding->kernel.kernel->spent >> i & 1u &&
          block->value[step->in[i]].storage == TARN_STORE_CONSTANT && uses[step->in[i]] == 1)
        step->spends |= 1u << i;
  }
  return TARN_OK;
}

/* Scaled weights that a kernel reads as they are get their elements now. */
static tarn_status make_folded(tarn_builder *b, tarn_block *block) {
  bool *packed = tarn__arena_array(b->arena, (size_t)block->values + 1, sizeof(bool));
  if (!packed) return TARN_NO_MEMORY;
  for (int at = 0; at < block->steps; at++)
    for (int i = 0; i < block->step[at].inputs && i < 32; i++)
      if (block->step[at].spends >> i & 1u) packed[block->step[at].in[i]] = true;
  for (int v = 0; v < block->values; v++)
    if (!packed[v] && tarn__fold_of(&block->value[v].constant))
      TARN_TRY(tarn__fold_make(b->context->allocator, &block->value[v].constant));
  return TARN_OK;
}

/* Outputs that nobody reads and that kernels do without. */
static tarn_status leave_out(tarn_block *block) {
  const int *uses = tarn__block_uses(block);
  if (!uses) return TARN_NO_MEMORY;
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    if (step->removed || step->kind != TARN_STEP_KERNEL || !step->op || !step->op->spare) continue;
    for (int k = 0; k < step->outputs && k < 32; k++)
      if (step->op->spare >> k & 1u && !uses[step->out[k]])
        block->value[step->out[k]].storage = TARN_STORE_LEFT_OUT;
  }
  return TARN_OK;
}

tarn_status tarn__plan_memory(tarn_builder *b) {
  tarn_block **order;
  TARN_TRY(outer_first(b, &order));
  for (int i = b->plan->blocks - 1; i >= 0; i--) {
    tarn_block *block = order[i];
    TARN_TRY(tarn__plan_parts(b, block));
    last_uses(block);
    for (int v = 0; v < block->values; v++)
      if (block->value[v].storage != TARN_STORE_PREPARED &&
          block->value[v].storage != TARN_STORE_VARIABLE)
        block->value[v].storage =
            block->value[v].constant.dtype ? TARN_STORE_CONSTANT : TARN_STORE_RUN;
    TARN_TRY(leave_out(block));
    TARN_TRY(arena(b, block, false));
    if (b->plan->device.steps) TARN_TRY(arena(b, block, true));
    TARN_TRY(releases(b, block));
    TARN_TRY(spends(block));
    if (b->plan->device.steps) tarn__device_recordings(b, block);
    TARN_TRY(make_folded(b, block));
  }
  for (int i = 0; i < b->plan->blocks; i++) settle(order[i]);
  b->plan->arena_bytes = b->plan->root->arena_bytes;
  b->plan->lower_bound_bytes = b->plan->root->lower_bound_bytes;
  b->plan->device.arena_bytes = b->plan->root->device_bytes;
  b->plan->device.lower_bound_bytes = b->plan->root->device_bound_bytes;
  return TARN_OK;
}
