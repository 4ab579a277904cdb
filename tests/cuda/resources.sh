#!/bin/sh
# resources.sh CUOBJDUMP MODULE: what the compiler has made of the module's kernels: none keeps anything in local memory but for known
# ones, and those that wait for memory read and write 16 bytes at a time.
python3 - "$1" "$2" << 'END'
import re, subprocess, sys
cuobjdump, module = sys.argv[1:]
def dump(*options):
    return subprocess.run([cuobjdump, *options, module], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
kernels = re.findall(r"Function (\S+):\s*\n\s*REG:(\d+) STACK:(\d+)", dump("--dump-resource-usage"))
wrong = []
if len(kernels) < 500:
    wrong.append("only %d kernels are found" % len(kernels))
# arguments of sine and cosine above 105615 are reduced with 28 bytes of memory; mirrors have places along each axis
known = re.compile(r"unary_(Sin|Cos|Tan)_|(floats|truncated)I.*tarn_cuda_draw|mirror_gradient")
wrong += ["%s keeps %s bytes in local memory" % (name, stack)
          for name, registers, stack in kernels if int(stack) and not known.search(name)]
wide = ["4map1I18unary_Relu_ORDEREDfffLi4E", "4map1I18unary_Relu_ORDERED11element_f16S1_fLi8E", "4map2I16binary_Add_FLOATfffLi4E",
        "11program_runILi4ELi4E", "9add_termsIffLi4E", "4clipIffLi4E", "6selectIjLi4E", "6finishIffLi4E", "4copyI4packImLi2E",
        "4rowsI6sum_ofIfEffLi4E", "10short_rowsI6sum_ofIfEffLi4E", "7columnsI6sum_ofIfEffLi4E", "7vectorsIffLi4ELb1E"]
for part in wide:
    names = sorted({name for name, _, _ in kernels if "_Z" + part in name})
    code = dump("-sass", "-fun", names[0]) if names else ""
    writes = part.startswith(("4rows", "10short", "7columns")) or "STG.E.128" in code
    if "LDG.E.128" not in code or not writes:
        wrong.append("%s: no reads or writes of 16 bytes" % (names[0] if names else "no kernel " + part))
print("\n".join(wrong) or "%d kernels: no more local memory than is known, 16 bytes at a time where it should be" % len(kernels))
sys.exit(bool(wrong))
END
