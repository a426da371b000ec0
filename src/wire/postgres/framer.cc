#include "wire/postgres/framer.h"

#include <algorithm>

namespace sluice::wire::postgres {

Framer::Status Framer::bad(const char* why) {
  problem_ = why;
  return Status::kBad;
}

bool Framer::check_header(const char* header, uint32_t& total) {
  const uint32_t length = load_be32(header + 1);
  if (rules_->by_type[static_cast<unsigned char>(header[0])] == Handling::kRefuse) {
    problem_ = "unexpected message type";
    return false;
  }
  if (length < 4 || length > kMaxMessageLength) {
    problem_ = "invalid message length";
    return false;
  }
  total = length + 1;
  return true;
}

Framer::Status Framer::next(Bytes& input, Piece& piece) {
  if (delivered_) {
    std::string().swap(partial_);  // Gathering is the rare case: an idle connection holds nothing.
    delivered_ = false;
  }
  if (remaining_ > 0) return next_streamed(input, piece);
  if (!partial_.empty()) return next_partial(input, piece);
  if (input.size() < kHeaderSize) {
    partial_.assign(input);
    input = {};
    return Status::kNeedMore;
  }
  uint32_t total = 0;
  if (!check_header(input.data(), total)) return Status::kBad;
  const char type = input[0];
  const bool gather = rules_->by_type[static_cast<unsigned char>(type)] == Handling::kGather;
  const bool too_long = gather && total > std::max<uint32_t>(rules_->gather_limit, kHeaderSize);
  if (input.size() >= total && !too_long) {
    piece = {type, true, true, true, total, input.substr(0, total)};
    input.remove_prefix(total);
    return Status::kPiece;
  }
  if (gather && !too_long) {
    partial_.assign(input);
    input = {};
    return Status::kNeedMore;
  }
  // What is too long to be gathered never comes whole, however it arrived.
  piece = {type, true, false, true, total, input.substr(0, too_long ? kHeaderSize : total)};
  type_ = type;
  length_ = total;
  remaining_ = total - static_cast<uint32_t>(piece.bytes.size());
  input.remove_prefix(piece.bytes.size());
  return Status::kPiece;
}

namespace {

/// Skips whole messages of one type that `good` finds nothing wrong with.
template <char kType, uint32_t kShortest, typename Good>
uint32_t skip_whole(Bytes& input, Good good) {
  uint32_t count = 0;
  const char* at = input.data();
  size_t left = input.size();
  while (left > kShortest && *at == kType) {
    const uint32_t length = load_be32(at + 1);
    if (length < kShortest || length > kMaxMessageLength || length >= left || !good(at)) break;
    at += length + 1;
    left -= length + 1;
    ++count;
  }
  input.remove_prefix(input.size() - left);
  return count;
}

}  // namespace

uint32_t Framer::skip_data_rows(Bytes& input, int16_t columns) const {
  if (!at_boundary()) return 0;
  // A DataRow is its header, an Int16 column count and that many length-prefixed values.
  return skip_whole<'D', 6>(input, [columns](const char* at) {
    return columns < 0 || load_be16(at + kHeaderSize) == static_cast<uint16_t>(columns);
  });
}

uint32_t Framer::skip_copy_data(Bytes& input) const {
  if (!at_boundary()) return 0;
  return skip_whole<'d', 4>(input, [](const char*) { return true; });
}

Framer::Status Framer::next_streamed(Bytes& input, Piece& piece) {
  if (input.empty()) return Status::kNeedMore;
  const size_t take = std::min<size_t>(remaining_, input.size());
  remaining_ -= static_cast<uint32_t>(take);
  piece = {type_, false, remaining_ == 0, true, length_, input.substr(0, take)};
  input.remove_prefix(take);
  return Status::kPiece;
}

Framer::Status Framer::next_partial(Bytes& input, Piece& piece) {
  if (partial_.size() < kHeaderSize) {
    const size_t take = std::min(kHeaderSize - partial_.size(), input.size());
    partial_.append(input.substr(0, take));
    input.remove_prefix(take);
    if (partial_.size() < kHeaderSize) return Status::kNeedMore;
  }
  uint32_t total = 0;
  if (!check_header(partial_.data(), total)) return Status::kBad;
  const char type = partial_[0];
  const bool gather = rules_->by_type[static_cast<unsigned char>(type)] == Handling::kGather &&
                      total <= rules_->gather_limit;
  if (gather) {
    const size_t take = std::min<size_t>(total - partial_.size(), input.size());
    partial_.append(input.substr(0, take));
    input.remove_prefix(take);
    if (partial_.size() < total) return Status::kNeedMore;
  }
  // Either the whole gathered message, or the header of one that is streamed.
  type_ = type;
  length_ = total;
  remaining_ = total - static_cast<uint32_t>(partial_.size());
  piece = {type, true, remaining_ == 0, false, total, partial_};
  delivered_ = true;
  return Status::kPiece;
}

}  // namespace sluice::wire::postgres
