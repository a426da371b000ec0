#include "audit/verify.h"

#include <fstream>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "audit/erasure.h"
#include "audit/leaf.h"
#include "audit/log.h"
#include "audit/rewrite.h"
#include "audit/segment.h"
#include "audit/tree_files.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = Finding::Kind;

/// A log of 600 statements by two writers, closed.
class VerifyTest : public ::testing::Test {
 protected:
  VerifyTest() { write(600); }

  void write(int records) {
    auto log = Log::open({.directory = folder.path(), .segment_bytes = 64 * 1024}, 2);
    EXPECT_TRUE(log) << log.error().text;
    if (!log) return;
    for (int i = 0; i < records; ++i) {
      Event event;
      event.time_micros = 1;
      const std::string text = "SELECT " + std::to_string(i) + std::string(300, ' ');
      event.text = text;
      EXPECT_TRUE((*log)->writer(static_cast<size_t>(i % 2)).append(context, event));
    }
    key = (*log)->key();
    (*log)->close();
  }
  VerifyReport check(VerifyOptions options = {}) {
    options.audit = folder.path();
    options.key = key;
    auto report = verify_log(options);
    EXPECT_TRUE(report) << report.error().text;
    return report ? std::move(*report) : VerifyReport{};
  }
  std::vector<Kind> kinds(const VerifyOptions& options = {}) {
    std::vector<Kind> kinds;
    for (const auto& finding : check(options).findings) kinds.push_back(finding.kind);
    return kinds;
  }
  /// Where the record lies.
  std::pair<std::filesystem::path, uint64_t> place(uint64_t number) const {
    const auto segments = *list_segments(folder / "log");
    for (const auto& file : segments) {
      auto reader = SegmentReader::open(file);
      Frame frame;
      while (reader->next(frame) == SegmentReader::Status::kFrame) {
        if (frame.sequence == number) return {file, frame.offset};
      }
    }
    return {};
  }
  /// Changes bytes of a file and mends nothing.
  static void overwrite(const std::filesystem::path& file, uint64_t offset,
                        std::string_view bytes) {
    std::string all = *read_file(file);
    all.replace(offset, bytes.size(), bytes);
    ASSERT_TRUE(replace_file(file, all));
  }
  static bool is_damaged(const Finding& finding, uint64_t number, const std::filesystem::path& file,
                         uint64_t offset) {
    return finding.kind == Kind::kDamaged && finding.first == number && finding.last == number &&
           finding.file == file && finding.offset == offset;
  }
  std::string checkpoint() const { return *tree_files(folder.path()).read_checkpoint(); }

  TestFolder folder;
  EncodedContext context{{.session_id = 1, .user = "alice"}};
  tlog::VerifierKey key;
};

TEST_F(VerifyTest, AnUntouchedLogIsGood) {
  const auto report = check();
  EXPECT_TRUE(report.good());
  EXPECT_EQ(report.records, 600U);
  EXPECT_EQ(report.head.size, 600U);
  EXPECT_EQ(report.uncovered, 0U);
}

TEST_F(VerifyTest, AnotherKeyDoesNotBelieveIt) {
  key.public_key[5] ^= 1;
  EXPECT_THAT(kinds(), Contains(Kind::kForged));
}

TEST_F(VerifyTest, AFlippedByteIsLocated) {
  const auto [file, offset] = place(321);
  const std::string all = *read_file(file);
  overwrite(file, offset + kFrameHeader + 40,
            std::string(1, static_cast<char>(all[offset + kFrameHeader + 40] ^ 1)));
  const auto report = check();
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_TRUE(is_damaged(report.findings[0], 321, file, offset)) << report.findings[0].text;
  EXPECT_EQ(report.records, 599U) << "those behind it are found again";
}

/// Two writers: the records around it in its segment are not its neighbours by number.
TEST_F(VerifyTest, EveryFlippedBitOfARecordNamesThatRecord) {
  const auto [file, offset] = place(321);
  const uint64_t end = place(323).second;
  for (uint64_t at = offset; at < end; ++at) {
    const std::string good = *read_file(file);
    for (const int bit : {0, 3, 7}) {
      overwrite(file, at, std::string(1, static_cast<char>(good[at] ^ 1 << bit)));
      const auto report = check();
      // A frame ends in up to 7 bytes that say nothing.
      if (report.good() && at + 7 >= end) continue;
      ASSERT_EQ(report.findings.size(), 1U) << at - offset << " bit " << bit;
      ASSERT_TRUE(is_damaged(report.findings[0], 321, file, offset))
          << at - offset << " bit " << bit << ": " << report.findings[0].first << " "
          << report.findings[0].text;
    }
    overwrite(file, at, std::string(1, good[at]));
    if (at == offset + kFrameHeader + 8) at = end - 24;  // The rest is as those are.
  }
}

TEST_F(VerifyTest, EachOfSeveralDamagedRecordsIsNamed) {
  const auto [file, offset] = place(101);
  const auto [other, beside] = place(102);
  const uint64_t third = place(103).second;
  ASSERT_NE(file, other);
  for (const auto& [where, at] : {std::pair{file, offset}, {other, beside}, {file, third}})
    overwrite(where, at + kFrameHeader + 60, "another");
  const auto report = check();
  ASSERT_EQ(report.findings.size(), 3U);
  EXPECT_TRUE(is_damaged(report.findings[0], 101, file, offset));
  EXPECT_TRUE(is_damaged(report.findings[1], 103, file, third));
  EXPECT_TRUE(is_damaged(report.findings[2], 102, other, beside));
}

/// Heads and all: the place is told, and no number that may be wrong.
TEST_F(VerifyTest, BytesThatTellNoNumberAreLocatedByTheirNeighbour) {
  const auto [file, offset] = place(101);
  overwrite(file, offset, std::string(place(105).second - offset, 'x'));
  const auto report = check();
  ASSERT_EQ(report.findings.size(), 3U);
  EXPECT_TRUE(is_damaged(report.findings[0], 0, file, offset));
  EXPECT_THAT(report.findings[0].text, HasSubstr("behind record 99 of this segment"));
  for (const size_t n : {1, 2}) {
    EXPECT_EQ(report.findings[n].kind, Kind::kMissing);
    EXPECT_EQ(report.findings[n].first, 99U + 2 * n);
    EXPECT_EQ(report.findings[n].last, 99U + 2 * n);
  }
}

TEST_F(VerifyTest, DamageBesideTheRangeIsNoneOfIts) {
  const auto [file, offset] = place(321);
  overwrite(file, offset + kFrameHeader + 60, "another");
  EXPECT_TRUE(check({.first = 1, .last = 320}).good());
  EXPECT_TRUE(check({.first = 322, .last = 600}).good());
  for (const auto& [first, last] : {std::pair{321U, 321U}, {300U, 330U}}) {
    const auto report = check({.first = first, .last = last});
    ASSERT_EQ(report.findings.size(), 1U);
    EXPECT_TRUE(is_damaged(report.findings[0], 321, file, offset));
  }
}

/// What a crash leaves at the end is no finding, unless the tree has it.
TEST_F(VerifyTest, TheLastRecordOfASegmentThatWasNotCompletedIsNamed) {
  const auto [file, offset] = place(600);
  overwrite(file, 32, std::string(12, '\0'));  // The header: not complete.
  ASSERT_TRUE(check().good());
  overwrite(file, offset + kFrameHeader + 60, "another");
  const auto report = check();
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_TRUE(is_damaged(report.findings[0], 600, file, offset));
}

TEST_F(VerifyTest, BytesBehindTheLastRecordOfACompleteSegmentAreFound) {
  const auto file = list_segments(folder / "log")->front();
  const std::string good = *read_file(file);
  ASSERT_NE(read_segment_header(file)->last_sequence, 0U);
  const auto forged = erased_frame(700, 0);
  for (const std::string_view added :
       {std::string_view("x"), std::string_view("\0\0\0\0\0\0\0\0\0x", 10),
        std::string_view(forged.data(), forged.size())}) {
    ASSERT_TRUE(replace_file(file, good + std::string(added)));
    const auto report = check();
    ASSERT_EQ(report.findings.size(), 1U) << added;
    const size_t at = added.size() == 10 ? 9 : 0;
    EXPECT_TRUE(is_damaged(report.findings[0], 0, file, good.size() + at))
        << report.findings[0].text;
    EXPECT_EQ(report.records, 600U);
    EXPECT_TRUE(check({.first = 1, .last = 599}).good()) << "it is none of these";
  }
  ASSERT_TRUE(replace_file(file, good + "x"));
  ASSERT_TRUE(archive_segment(file));
  const auto report = check();
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_TRUE(is_damaged(report.findings[0], 0, archive_path(file), good.size()));
}

/// These left what a crash had torn where it was, and said so.
TEST_F(VerifyTest, WhatVersionsBeforeLeftTornIsExplainedByTheirRecord) {
  const auto file = list_segments(folder / "log")->front();
  ASSERT_TRUE(replace_file(file, *read_file(file) + "torn" + std::string(4096, '\0')));
  const auto record = [&](const std::filesystem::path& segment) {
    auto log = *Log::open({.directory = folder.path()}, 1);
    Event event;
    event.type = EventType::kEvidence;
    const std::string message = "not closed: " + segment.filename().string() +
                                " with 3 records, then a torn one that is kept as it is";
    event.message = message;
    ASSERT_TRUE(log->append_admin({}, event));
    log->close();
  };
  record("00000000000000009999-0.seg");
  EXPECT_EQ(kinds(), std::vector<Kind>{Kind::kDamaged});
  record(file);
  EXPECT_EQ(kinds(), std::vector<Kind>{});
}

/// A segment that is still written to may end in what a crash tore. None passes for one that is not
/// by its header, which anybody can write.
TEST_F(VerifyTest, ASegmentThatMustBeCompleteEndsInNothingElse) {
  const auto open_again = [&](const std::filesystem::path& file) {
    overwrite(file, 32, std::string(12, '\0'));
    ASSERT_TRUE(replace_file(file, *read_file(file) + "torn"));
    ASSERT_TRUE(read_segment_header(file)->intact);
  };
  // Its writer has gone on to another one.
  const auto [first, offset] = place(1);
  const std::string good = *read_file(first);
  ASSERT_NE(first, place(599).first);
  open_again(first);
  auto report = check();
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_TRUE(is_damaged(report.findings[0], 0, first, good.size()));
  ASSERT_TRUE(replace_file(first, good));
  // The last one of its writer: a kill may have left that.
  const auto last = place(600).first;
  open_again(last);
  EXPECT_EQ(kinds(), std::vector<Kind>{});
  // Not if the gateway has stopped or been started since.
  for (const auto type : {EventType::kGatewayStop, EventType::kGatewayStart}) {
    const TestFolder copy;
    std::filesystem::copy(folder.path(), copy.path(),
                          std::filesystem::copy_options::recursive |
                              std::filesystem::copy_options::overwrite_existing);
    const std::string torn = *read_file(last);
    auto log = *Log::open({.directory = copy.path()}, 1);
    Event event;
    event.type = type;
    ASSERT_TRUE(log->append_admin({}, event));
    log->close();
    VerifyOptions options{.audit = copy.path(), .key = key};
    EXPECT_TRUE(verify_log(options)->good()) << "it was moved away";
    ASSERT_TRUE(replace_file(copy.path() / "log" / last.filename(), torn));
    const auto found = verify_log(options);
    ASSERT_EQ(found->findings.size(), 1U);
    EXPECT_EQ(found->findings[0].kind, Kind::kDamaged);
  }
}

/// Somebody who knows the format writes another record in the place of one, checksum and all.
TEST_F(VerifyTest, ARecordThatWasReplacedIsLocated) {
  const auto [file, offset] = place(100);
  const auto scratch = folder / "scratch";
  auto reader = SegmentReader::open(file, offset);
  Frame frame;
  ASSERT_EQ(reader->next(frame), SegmentReader::Status::kFrame);
  frame.payload.replace(frame.payload.find("alice"), 5, "mallo");
  {
    const auto writer = SegmentWriter::create(scratch, 0, 100, 1 << 16);
    (*writer)->append(100, frame.salt, frame.payload);
  }
  overwrite(file, offset,
            Bytes(*read_file(scratch)).substr(kSegmentHeader, frame_size(frame.payload.size())));
  const auto report = check();
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].kind, Kind::kAltered);
  EXPECT_EQ(report.findings[0].first, 100U);
  EXPECT_EQ(report.findings[0].offset, offset);
}

TEST_F(VerifyTest, AMissingSegmentIsTheRecordsInIt) {
  const auto [file, offset] = place(600);
  std::filesystem::remove(file);
  const auto report = check();
  ASSERT_FALSE(report.good());
  EXPECT_EQ(report.findings.front().kind, Kind::kMissing);
  EXPECT_EQ(report.findings.back().last, 600U);
}

TEST_F(VerifyTest, RecordsThatChangedPlacesAreBothAltered) {
  const auto [file, a] = place(200);
  const auto b = place(202).second;  // The same writer's next.
  ASSERT_EQ(place(202).first, file);
  std::string all = *read_file(file);
  const size_t size = b - a;
  const std::string one = all.substr(a, size);
  // With the numbers as they were, so that only the contents change places.
  const std::string two = all.substr(b, size);
  all.replace(a, size, two);
  all.replace(b, size, one);
  ASSERT_TRUE(replace_file(file, all));
  EXPECT_TRUE(check().good()) << "the order in a file is not the records' order: their numbers are";
  std::string numbers = all;
  for (const auto& [at, number] : {std::pair{a, uint64_t{200}}, {b, uint64_t{202}}}) {
    const auto scratch = folder / "scratch";
    auto reader = SegmentReader::open(file, at);
    Frame frame;
    ASSERT_EQ(reader->next(frame), SegmentReader::Status::kFrame);
    std::filesystem::remove(scratch);
    {
      const auto writer = SegmentWriter::create(scratch, 0, number, 1 << 16);
      (*writer)->append(number, frame.salt, frame.payload);
    }
    numbers.replace(at, size, read_file(scratch)->substr(kSegmentHeader, size));
  }
  ASSERT_TRUE(replace_file(file, numbers));
  EXPECT_EQ(kinds(), (std::vector<Kind>{Kind::kAltered, Kind::kAltered}));
}

TEST_F(VerifyTest, AnEntryOrTileThatWasChangedIsLocated) {
  const auto files = tree_files(folder.path());
  const std::string good = *files.read({0, 1});
  std::string bad = good;
  bad[7 * 32] ^= 1;
  ASSERT_TRUE(files.write({0, 1}, bad));
  auto report = check();
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].kind, Kind::kTree);
  EXPECT_EQ(report.findings[0].first, 256U + 7 + 1);
  ASSERT_TRUE(files.write({0, 1}, good));
  std::string bundle = *files.read({tlog::kEntries, 0});
  bundle[35 * 10 + 20] ^= 1;  // The eleventh entry.
  ASSERT_TRUE(files.write({tlog::kEntries, 0}, bundle));
  report = check();
  EXPECT_EQ(report.findings[0].first, 11U);
  EXPECT_THAT(kinds(), Contains(Kind::kAltered)) << "and the record does not fit it";
}

TEST_F(VerifyTest, ATailThatWasCutShowsByACheckpointFromElsewhere) {
  const std::string kept = checkpoint();
  // All of a former state, as a backup would bring it back.
  const TestFolder backup;
  std::filesystem::copy(folder.path(), backup.path() / "audit",
                        std::filesystem::copy_options::recursive);
  write(50);
  const std::string later = checkpoint();
  EXPECT_EQ(kinds({.checkpoints = {kept, later}}), std::vector<Kind>{});
  std::filesystem::remove_all(folder.path());
  std::filesystem::copy(backup.path() / "audit", folder.path(),
                        std::filesystem::copy_options::recursive);
  EXPECT_TRUE(check().good()) << "by itself it cannot be told";
  const auto report = check({.checkpoints = {kept, later}});
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].kind, Kind::kCut);
  EXPECT_EQ(report.findings[0].first, 601U);
  // And goes on differently: a fork.
  write(70);
  EXPECT_EQ(kinds({.checkpoints = {later}}), std::vector<Kind>{Kind::kForked});
}

TEST_F(VerifyTest, ErasedRecordsNeedARecordThatSaysSo) {
  ASSERT_EQ(erase_records(folder.path(), {10, 12}, {}), ErasedCount{3});
  const auto report = check();
  EXPECT_EQ(report.findings.size(), 3U);
  EXPECT_EQ(report.findings[0].kind, Kind::kErased);
  {
    auto log = Log::open({.directory = folder.path()}, 1);
    Event event;
    event.type = EventType::kAdmin;
    const std::vector<Erasure> ranges = {{10, 10}, {11, 12}};
    const std::string message = format_erasure(ranges, "request 17");
    event.message = message;
    ASSERT_TRUE((*log)->append_admin({.user = "dpo"}, event));
    (*log)->close();
  }
  const auto explained = check();
  EXPECT_TRUE(explained.good());
  EXPECT_EQ(explained.erased, 3U);
  // The record that says so need not be among those that are compared.
  const auto part = check({.first = 11, .last = 20});
  EXPECT_TRUE(part.good()) << part.findings.front().text;
  EXPECT_EQ(part.erased, 2U);
  EXPECT_EQ(part.records, 8U);
  // One that was altered says nothing.
  const auto [file, offset] = place(601);
  overwrite(file, offset + 16, "another salt");
  EXPECT_THAT(kinds({.first = 11, .last = 20}), Contains(Kind::kErased));
}

/// Or the word of an erasing that was refused would explain what somebody does later.
TEST_F(VerifyTest, AWordThatWasTakenBackExplainsNothing) {
  const std::vector<Erasure> range = {{10, 12}};
  const auto record = [&](const std::string& message) {
    auto log = Log::open({.directory = folder.path()}, 1);
    Event event;
    event.type = EventType::kEvidence;
    event.message = message;
    ASSERT_TRUE((*log)->append_admin({}, event));
    (*log)->close();
  };
  record(format_erasure(range, "request 17"));
  record(format_withdrawal(range, "record 11 is kept by a legal hold"));
  ASSERT_EQ(erase_records(folder.path(), range.front(), {}), ErasedCount{3});
  EXPECT_THAT(kinds({}), ElementsAre(Kind::kErased, Kind::kErased, Kind::kErased));
  EXPECT_THAT(kinds({.first = 11, .last = 20}), ElementsAre(Kind::kErased, Kind::kErased));
  record(format_erasure(range, "request 18"));
  EXPECT_TRUE(check().good());
}

/// Who verifies has read the checkpoint, and then somebody erases.
TEST_F(VerifyTest, WhatIsErasedMeanwhileIsExplained) {
  VerifyOptions options;
  options.progress = [&, done = false](uint64_t, uint64_t all) mutable {
    if (std::exchange(done, true)) return;
    EXPECT_EQ(all, 600U);
    auto log = *Log::open({.directory = folder.path()}, 1);
    Event event;
    event.type = EventType::kEvidence;
    const Erasure range{10, 12};
    const std::string message = format_erasure({&range, 1}, "request 17");
    event.message = message;
    ASSERT_TRUE(log->append_admin({}, event));
    log->close();
    ASSERT_EQ(erase_records(folder.path(), range, {}), ErasedCount{3});
  };
  const auto report = check(options);
  EXPECT_TRUE(report.good()) << report.findings.front().text;
  EXPECT_EQ(report.head.size, 600U);
  EXPECT_EQ(report.erased, 3U);
}

TEST_F(VerifyTest, NoByteCanBeChangedUnnoticed) {
  const auto segments = *list_segments(folder / "log");
  std::vector<std::filesystem::path> all = segments;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder / "tlog")) {
    if (file.is_regular_file()) all.push_back(file.path());
  }
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const auto& file = all[random() % all.size()];
    const std::string good = *read_file(file);
    const size_t at = random() % good.size();
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1 << random() % 8);
    std::ofstream(file, std::ios::binary) << bad;
    const auto report = verify_log({.audit = folder.path(), .key = key});
    ASSERT_FALSE(report && report->good()) << file << " byte " << at;
    std::ofstream(file, std::ios::binary) << good;
  }
  EXPECT_TRUE(check().good());
}

TEST_F(VerifyTest, NoByteOfAnArchiveCanBeChangedUnnoticed) {
  const auto segments = *list_segments(folder / "log");
  for (const auto& file : segments) ASSERT_TRUE(archive_segment(file));
  EXPECT_TRUE(check().good());
  EXPECT_EQ(check().records, 600U);
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const auto file = archive_path(segments[random() % segments.size()]);
    const std::string good = *read_file(file);
    std::string bad = good;
    const size_t at = random() % good.size();
    bad[at] = static_cast<char>(bad[at] ^ 1 << random() % 8);
    if (round % 4 == 0) bad.resize(at);
    std::ofstream(file, std::ios::binary) << bad;
    const auto report = verify_log({.audit = folder.path(), .key = key});
    // What says nothing may be anything: unused bytes of the compressed form.
    if (report && report->good()) EXPECT_EQ(report->records, 600U) << file << " byte " << at;
    if (round % 4 == 0) EXPECT_FALSE(report && report->good()) << file << " byte " << at;
    std::ofstream(file, std::ios::binary) << good;
  }
  EXPECT_TRUE(check().good());
}

}  // namespace
}  // namespace sluice::audit
