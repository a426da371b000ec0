// Receipts, signed notes, public keys and tiles' names, from whoever sends them.
#include "audit/receipt.h"
#include "input.h"
#include "tlog/note.h"
#include "tlog/tile.h"

FUZZ(bytes) {
  using namespace sluice;
  static const auto key = *tlog::VerifierKey::parse(
      "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  if (const auto proof = tlog::parse_proof(bytes)) {
    if (tlog::parse_proof(tlog::format_proof(*proof))->hashes != proof->hashes) __builtin_trap();
  }
  if (audit::verify_receipt(bytes, {key})) __builtin_trap();  // Nobody has its private key.
  if (const auto note = tlog::parse_note(bytes)) {
    if (tlog::format_note(*note) != bytes) __builtin_trap();
    tlog::verify(*note, key);
  }
  if (const auto other = tlog::VerifierKey::parse(bytes); other && other->text() != bytes) {
    __builtin_trap();
  }
  if (const auto tile = tlog::parse_tile_path(bytes); tile && tlog::tile_path(*tile) != bytes) {
    __builtin_trap();
  }
}
