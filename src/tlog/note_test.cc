#include "tlog/note.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.h"
#include "tlog/checkpoint.h"
#include "tlog/witness.h"

namespace sluice::tlog {
namespace {

using ::testing::HasSubstr;

// The example of Go's golang.org/x/mod/sumdb/note.
constexpr std::string_view kGoKey =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kGoNote =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\xE2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvq"
    "fqdngotpRZb6KE6RyyBwJnAM=\n";

class NoteTest : public ::testing::Test {
 protected:
  NoteTest() : signer(std::move(*create_key(folder / "key.pem"))) {
    key = {"example.com/log", KeyType::kEd25519, signer->public_key()};
    witness = {"witness.example", KeyType::kCosignature, signer->public_key()};
  }
  Note signed_note(const std::string& text) {
    return {text, {*sign_note(text, key.name, *signer)}};
  }
  std::string checkpoint(uint64_t size, const Hash& root) {
    return format_note(signed_note(format_checkpoint({key.name, size, root})));
  }

  TestFolder folder;
  std::unique_ptr<Signer> signer;
  VerifierKey key, witness;
};

TEST_F(NoteTest, ReadsWhatGoWrites) {
  const auto go = VerifierKey::parse(kGoKey);
  ASSERT_TRUE(go) << go.error().text;
  EXPECT_EQ(go->text(), kGoKey);
  auto note = parse_note(kGoNote);
  ASSERT_TRUE(note) << note.error().text;
  EXPECT_EQ(verify(*note, *go), Verdict::kValid);
  EXPECT_EQ(format_note(*note), kGoNote);
  EXPECT_EQ(verify(*note, key), Verdict::kAbsent);
  note->text[0] = 'i';
  EXPECT_EQ(verify(*note, *go), Verdict::kInvalid);
}

TEST_F(NoteTest, SignsAndCosigns) {
  Note note = signed_note("text\n");
  EXPECT_EQ(verify(note, key), Verdict::kValid);
  note.signatures.push_back(*cosign(note.text, witness.name, 1'700'000'000, *signer));
  const auto read = parse_note(format_note(note));
  ASSERT_TRUE(read) << read.error().text;
  uint64_t time = 0;
  EXPECT_EQ(verify(*read, key), Verdict::kValid);
  EXPECT_EQ(verify(*read, witness, &time), Verdict::kValid);
  EXPECT_EQ(time, 1'700'000'000U);
  Note moved = *read;
  moved.signatures[1].bytes[7] ^= 1;  // Another time.
  EXPECT_EQ(verify(moved, witness), Verdict::kInvalid);
}

TEST_F(NoteTest, MalformedNotesAreRefused) {
  const std::string good = format_note(signed_note("text\n"));
  for (const std::string& bad :
       {std::string(), std::string("text\n"), good.substr(0, good.size() - 1), good + "\n",
        "a\tb" + good, "\xFF" + good, std::string("text\n\n- name c2ln\n"),
        std::string("text\n\n\xE2\x80\x94 name !!\n"),
        std::string("text\n\n\xE2\x80\x94 a+b AAAAAAA=\n")}) {
    EXPECT_FALSE(parse_note(bad)) << bad;
  }
}

TEST_F(NoteTest, MalformedKeysSayWhy) {
  EXPECT_THAT(VerifierKey::parse("PeterNeumann").error().text, HasSubstr("audit key"));
  std::string other(kGoKey);
  other.replace(0, 5, "Petra");
  EXPECT_THAT(VerifierKey::parse(other).error().text, HasSubstr("another's"));
}

TEST_F(NoteTest, KeyFilesAreKeptFromOthers) {
  const auto again = load_key(folder / "key.pem");
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_EQ((*again)->public_key(), signer->public_key());
  EXPECT_FALSE(create_key(folder / "key.pem")) << "an existing key is never replaced";
  std::filesystem::permissions(folder / "key.pem", std::filesystem::perms(0640));
  EXPECT_THAT(load_key(folder / "key.pem").error().text, HasSubstr("chmod 600"));
  std::ofstream(folder / "other") << "x";
  std::filesystem::permissions(folder / "other", std::filesystem::perms(0600));
  EXPECT_THAT(load_key(folder / "other").error().text, HasSubstr("openssl genpkey"));
}

TEST_F(NoteTest, CheckpointsAndProofsComeBack) {
  const Checkpoint head{"example.com/log", 7, leaf_hash("x")};
  EXPECT_EQ(*parse_checkpoint(format_checkpoint(head)), head);
  EXPECT_EQ(*parse_checkpoint(format_checkpoint(head) + "extension\n"), head);
  for (const char* bad : {"", "o\n", "o\n1\n", "o\n01\nx\n", "o\n-1\nx\n", "\n1\nx\n"}) {
    EXPECT_FALSE(parse_checkpoint(bad)) << bad;
  }
  const InclusionProof proof{
      "extra", 3, {leaf_hash("a"), leaf_hash("b")}, checkpoint(7, head.root)};
  const auto read = parse_proof(format_proof(proof));
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->extra, proof.extra);
  EXPECT_EQ(read->index, proof.index);
  EXPECT_EQ(read->hashes, proof.hashes);
  EXPECT_EQ(read->checkpoint, proof.checkpoint);
  const std::string text = format_proof(proof);
  for (size_t cut = 0; cut < text.find("\n\n"); ++cut) {
    EXPECT_FALSE(parse_proof(text.substr(0, cut))) << cut;
  }
}

TEST_F(NoteTest, WitnessCosignsOnlyWhatGrows) {
  const Hash two[] = {leaf_hash("a"), leaf_hash("b")};
  const Hash root = node_hash(two[0], two[1]);
  const auto none = [](const std::string&) { return Witnessed{}; };
  const auto one = [&](const std::string&) { return Witnessed{1, two[0]}; };
  const auto ask = [&](uint64_t old_size, std::vector<Hash> proof, const std::string& note,
                       const std::function<Witnessed(const std::string&)>& known) {
    const auto request =
        parse_add_checkpoint(format_add_checkpoint({old_size, std::move(proof), note}));
    return request ? judge(*request, {key}, known).status : 0;
  };
  EXPECT_EQ(ask(0, {}, checkpoint(2, root), none), 200);
  EXPECT_EQ(ask(1, {two[1]}, checkpoint(2, root), one), 200);
  EXPECT_EQ(ask(0, {}, checkpoint(2, root), one), 409) << "an old size that is not the latest";
  EXPECT_EQ(ask(1, {two[0]}, checkpoint(2, root), one), 422);
  EXPECT_EQ(ask(1, {}, checkpoint(1, two[1]), one), 409) << "the same size with another root";
  EXPECT_EQ(ask(3, {}, checkpoint(2, root), none), 400);
  EXPECT_EQ(ask(0, {}, "nonsense", none), 400);
  Note forged{format_checkpoint({key.name, 2, root}), {}};
  const auto other = create_key(folder / "other.pem");
  forged.signatures.push_back(*sign_note(forged.text, key.name, **other));
  EXPECT_EQ(ask(0, {}, format_note(forged), none), 403);
  forged.text = format_checkpoint({"example.com/unknown", 2, root});
  EXPECT_EQ(ask(0, {}, format_note(forged), none), 404);
}

}  // namespace
}  // namespace sluice::tlog
