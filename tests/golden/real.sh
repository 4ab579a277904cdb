#!/bin/sh
# real.sh PYTHON TARN: runs the real models under $TARN_REAL with the runner that lies beside them (run_real.py).
# The models are other people's and not part of this project: without them the test is skipped, and says so.
if [ -z "${TARN_REAL:-}" ] || [ ! -e "$TARN_REAL/run_real.py" ]; then
  echo "skipped: TARN_REAL names no folder of real models"
  exit 77
fi
exec "$1" "$TARN_REAL/run_real.py" --tarn "$2"
