/* The numbers that the reader and the writer of tables share. */
#ifndef TARN_LOADER_CHECKPOINT_TABLE_FORMAT_H
#define TARN_LOADER_CHECKPOINT_TABLE_FORMAT_H

#define TABLE_MAGIC 0xdb4775248b80fb57ull
#define TABLE_FOOTER_BYTES 48
#define TABLE_TRAILER_BYTES 5 /* type, masked crc */
#define TABLE_PLAIN 0
#define TABLE_SNAPPY 1
#define TABLE_RESTART_INTERVAL 16
#define TABLE_BLOCK_BYTES 262144

#endif
