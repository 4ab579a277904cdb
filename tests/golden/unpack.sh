#!/bin/sh
# unpack.sh ARCHIVE FOLDER: unpacks the cases once; a newer archive replaces an older folder.
set -eu
stamp=$2/.unpacked
if [ ! -e "$stamp" ] || [ "$1" -nt "$stamp" ]; then
  rm -rf "$2"
  mkdir -p "$2"
  tar xJf "$1" -C "$2"
  touch "$stamp"
fi
