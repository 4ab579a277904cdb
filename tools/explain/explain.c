#include "tools/explain/explain.h"

#include "core/bytes.h"
#include "graph/plan/lanes.h"
#include "tools/explain/placement.h"

#include <string.h>

static const char *printable(const char *text, char *into, size_t bytes) {
  return tarn__printable(text, strlen(text), into, bytes);
}

/* What a step is, in one or two words: its kernel, or why it has none. */
static const char *runner(const tarn_step *step, char *text, size_t bytes) {
  if (step->binding) return tarn__kernel_full_name(step->binding->kernel, text, bytes);
  switch (step->kind) {
    case TARN_STEP_KERNEL:
      if (!step->op || step->node->problem) return "(cannot run)";
      return "(chosen when it runs)";
    case TARN_STEP_VIEW: return "(view)";
    case TARN_STEP_PASS: return "(passed on)";
    case TARN_STEP_GATE: return "(order only)";
    case TARN_STEP_SWITCH:
    case TARN_STEP_MERGE:
    case TARN_STEP_REF_SELECT: return "(control flow)";
    case TARN_STEP_LOOP: return "(loop)";
    case TARN_STEP_IF:
    case TARN_STEP_WHILE:
    case TARN_STEP_CALL: return "(functions)";
  }
  return "";
}

static const char *op_name(const tarn_step *step) {
  if (step->op) return step->op->name;
  if (step->node) return step->node->op_name;
  return step->kind == TARN_STEP_LOOP ? "loop" : "call";
}

static void output_text(const tarn_block *block, const tarn_step *step, char *text, size_t bytes) {
  text[0] = 0;
  if (!step->outputs) return;
  const tarn_value *v = &block->value[step->out[0]];
  char shape[TARN_SHAPE_TEXT];
  snprintf(text, bytes, "%s%s",
           v->is_ref ? "ref " : tarn__dtype_short(v->dtype ? v->dtype : TARN_F32),
           tarn__shape_print(&v->shape, shape));
}

/* The back end with a device that the plan was made for, or NULL. */
static const tarn_backend *device_of(const tarn_plan *plan) {
  const tarn_backend *backend;
  return plan->device.wanted && tarn__backend_cuda(&backend) == TARN_OK ? backend : NULL;
}

static void print_candidate(FILE *to, const tarn_step *step, tarn_kernel_ref k,
                            const tarn_machine *m, int indent) {
  char name[160];
  const char *refusal = tarn__kernel_refusal(k, &step->binding->problem);
  const bool chosen = k.kernel == step->binding->kernel.kernel;
  fprintf(to, "%*s%c %-36s ", indent + 2, "", chosen ? '*' : ' ',
          tarn__kernel_full_name(k, name, sizeof name));
  if (refusal) fprintf(to, "no: %s\n", refusal);
  else fprintf(to, "%.2f us\n", tarn__kernel_cost_us(k, &step->binding->problem, m));
}

static void print_contest(FILE *to, const tarn_plan *plan, const tarn_step *step,
                          const tarn_machine *m, int indent) {
  size_t count;
  const tarn_kernel_ref *k = tarn__kernels_of(step->op->name, &count);
  for (size_t i = 0; i < count; i++) print_candidate(to, step, k[i], m, indent);
  const tarn_backend *backend = device_of(plan);
  for (tarn_kernel_ref there = {0};
       backend && tarn__backend_next(backend, step->op->name, &there);)
    print_candidate(to, step, there, m, indent);
}

/* Where a straight loop decides: the condition is above this line. */
static void print_stop(FILE *to, const tarn_block *block, int at, int indent) {
  if (!block->straight || at != block->stop_at) return;
  const int producer = block->value[block->stop_value].producer;
  char name[512];
  fprintf(to, "%*s(goes on while %s)\n", indent, "",
          producer < 0 ? "an input" : printable(block->step[producer].name, name, sizeof name));
}

static void print_block(FILE *to, const tarn_block *block, const tarn_machine *m, bool brief,
                        int indent);

static void print_step(FILE *to, const tarn_block *block, const tarn_step *step,
                       const tarn_machine *m, bool brief, int indent) {
  char name[512], kernel[160], output[200], op[160];
  output_text(block, step, output, sizeof output);
  fprintf(to, "%*s%s  %s  %s  %s", indent, "", printable(step->name, name, sizeof name),
          printable(op_name(step), op, sizeof op), runner(step, kernel, sizeof kernel), output);
  if (step->binding)
    fprintf(to, "  %.2f us",
            tarn__kernel_cost_us(step->binding->kernel, &step->binding->problem, m));
  fputc('\n', to);
  if (step->binding && !brief) print_contest(to, block->plan, step, m, indent);
  for (int k = 0; k < step->blocks; k++) {
    if (!step->block[k]) continue;
    fprintf(to, "%*s%s {\n", indent + 2, "", step->kind == TARN_STEP_LOOP ? "each iteration"
            : step->kind == TARN_STEP_WHILE ? (k ? "body" : "condition") : "branch");
    print_block(to, step->block[k], m, brief, indent + 4);
    fprintf(to, "%*s}\n", indent + 2, "");
  }
}

/* Where a lane of steps that run side by side begins, and where the last of them has ended; by how
 * much its steps are indented. */
static int print_lane(FILE *to, const tarn_block *block, int at, int indent) {
  const tarn_section *before = at ? tarn__section_at(block, at - 1) : NULL,
                     *s = tarn__section_at(block, at);
  if (before && before != s) fprintf(to, "%*s}\n", indent, "");
  if (s && s->first == at)
    fprintf(to, "%*sside by side, %d lanes, each on one thread {\n", indent, "", s->lanes);
  for (int l = 1; s && l < s->lanes; l++)
    if (s->begin[l] == at) fprintf(to, "%*s} {\n", indent, "");
  return s ? 2 : 0;
}

static void print_block(FILE *to, const tarn_block *block, const tarn_machine *m, bool brief,
                        int indent) {
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    print_stop(to, block, at, indent);
    const int inner = indent + print_lane(to, block, at, indent);
    if (step->note) {
      char loop[512], note[1024];
      fprintf(to, "%*sloop '%s': %s\n", indent, "", printable(step->name, loop, sizeof loop),
              printable(step->note, note, sizeof note));
    }
    if (step->removed) continue;
    print_step(to, block, step, m, brief, inner);
  }
  if (block->sections && block->section[block->sections - 1].end == block->steps)
    fprintf(to, "%*s}\n", indent, "");
}

static void print_memory(FILE *to, const tarn_plan *plan) {
  const double mib = 1048576;
  fprintf(to, "planned memory: peak %.2f MiB, lower bound %.2f MiB",
          (double)plan->arena_bytes / mib, (double)plan->lower_bound_bytes / mib);
  if (plan->lower_bound_bytes)
    fprintf(to, ", ratio %.3f", (double)plan->arena_bytes / (double)plan->lower_bound_bytes);
  fprintf(to, "; scratch %.2f MiB\n", (double)plan->scratch_bytes / mib);
}

void tarn__explain_print(FILE *to, const tarn_plan *plan, const tarn_machine *machine,
                         const tarn_explain_options *options) {
  if (!options->memory) print_block(to, plan->root, machine, options->brief, 0);
  print_memory(to, plan);
  if (device_of(plan)) tarn__placement_sum_print(to, device_of(plan), plan);
}

static json_t *step_json(const tarn_block *block, const tarn_step *step, const tarn_machine *m,
                         bool brief);

/* What became of the recurrent layers of each loop, of those that are gone too. */
static void notes_json(const tarn_block *block, json_t *list) {
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    char name[512], note[1024];
    if (step->note)
      json_array_append_new(
          list,
          json_pack("{s:s, s:b, s:s}", "loop", printable(step->name, name, sizeof name), "gone",
                    (int)step->removed, "note", printable(step->note, note, sizeof note)));
    for (int k = 0; k < step->blocks; k++)
      if (step->block[k] && !step->removed) notes_json(step->block[k], list);
  }
}

static json_t *block_json(const tarn_block *block, const tarn_machine *m, bool brief) {
  json_t *list = json_array();
  for (int at = 0; at < block->steps; at++)
    if (!block->step[at].removed) {
      json_t *step = step_json(block, &block->step[at], m, brief);
      const tarn_section *s = tarn__section_at(block, at);
      if (s && step)   /* which of the sections, and which of its lanes */
        json_object_set_new(
            step, "side_by_side",
            json_pack("{s:i, s:i, s:i}", "section", (int)(s - block->section), "lane",
                      tarn__lane_at(block, at) - s->first_lane, "lanes", s->lanes));
      json_array_append_new(list, step);
    }
  return list;
}

static json_t *step_json(const tarn_block *block, const tarn_step *step, const tarn_machine *m,
                         bool brief) {
  char name[512], kernel[160], output[200], op[160];
  output_text(block, step, output, sizeof output);
  json_t *o = json_pack("{s:s, s:s, s:s, s:s}", "node", printable(step->name, name, sizeof name),
                        "op", printable(op_name(step), op, sizeof op), "runs",
                        runner(step, kernel, sizeof kernel), "output", output);
  if (step->binding) {
    json_object_set_new(
        o, "us",
        json_real(tarn__kernel_cost_us(step->binding->kernel, &step->binding->problem, m)));
    json_t *contest = json_array();
    size_t count;
    const tarn_kernel_ref *k = tarn__kernels_of(step->op->name, &count);
    for (size_t i = 0; !brief && i < count; i++) {
      const char *refusal = tarn__kernel_refusal(k[i], &step->binding->problem);
      json_t *c = json_pack("{s:s}", "kernel", tarn__kernel_full_name(k[i], kernel, sizeof kernel));
      if (refusal) json_object_set_new(c, "refused", json_string(refusal));
      else
        json_object_set_new(c, "us",
                            json_real(tarn__kernel_cost_us(k[i], &step->binding->problem, m)));
      json_array_append_new(contest, c);
    }
    json_object_set_new(o, "candidates", contest);
  }
  if (step->blocks) {
    json_t *blocks = json_array();
    for (int k = 0; k < step->blocks; k++)
      if (step->block[k]) json_array_append_new(blocks, block_json(step->block[k], m, brief));
    json_object_set_new(o, "blocks", blocks);
  }
  return o;
}

json_t *tarn__explain_json(const tarn_plan *plan, const tarn_machine *machine,
                           const tarn_explain_options *options) {
  json_t *o =
      json_pack("{s:{s:I, s:I, s:I}}", "memory", "peak_bytes", (json_int_t)plan->arena_bytes,
                "lower_bound_bytes", (json_int_t)plan->lower_bound_bytes, "scratch_bytes",
                (json_int_t)plan->scratch_bytes);
  json_t *loops = json_array();
  notes_json(plan->root, loops);
  if (o) json_object_set_new(o, "loops", loops);
  if (o && !options->memory)
    json_object_set_new(o, "steps", block_json(plan->root, machine, options->brief));
  if (o && device_of(plan))
    json_object_set_new(o, "device", tarn__placement_sum_json(device_of(plan), plan));
  if (o)
    json_object_set_new(o, "unsupported", json_string(plan->unsupported ? plan->unsupported : ""));
  return o;
}
