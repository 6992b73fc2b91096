// Does a journal keep what was written, and notice everything else?
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "explorer/campaign/journal_record.h"
#include "models/base/error.h"
#include "tests/explorer/campaign/campaign_fixture.h"

namespace wattlas::test {
namespace {

using ::testing::HasSubstr;

PointOutcome outcome(double time) {
  PointOutcome o;
  o.status = PointStatus::done;
  o.metrics = {time, 2.5};
  o.configHash = "abc";
  return o;
}

Hash128 key(std::uint64_t i) {
  return Hasher().integer(static_cast<std::int64_t>(i)).finish();
}

class JournalTest : public ::testing::Test {
 protected:
  std::string path() const { return folder_.path() + "/a.journal"; }
  void writeRows(int n) const {
    JournalWriter writer(path(), 1);
    for (int i = 0; i < n; ++i)
      writer.append(rowPayload(RecordKind::row, key(static_cast<std::uint64_t>(i)), outcome(i)));
  }
  /// Keys that can be read, as a count; `set` keeps the rest.
  JournalSet read() const {
    JournalSet set(folder_.path(), {"time_s", "energy_j"});
    set.refresh();
    return set;
  }
  TempFolder folder_;
};

TEST(Crc32c, HasTheKnownValues) {
  // RFC 3720, appendix B.4.
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c("6789", crc32c("12345")), 0xE3069283U);
}

TEST_F(JournalTest, GivesBackWhatWasWritten) {
  writeRows(100);
  const JournalSet set = read();
  ASSERT_EQ(set.finalRows(), 100u);
  for (std::uint64_t i = 0; i < 100; ++i)
    EXPECT_EQ(set.outcome(key(i)), outcome(static_cast<double>(i)));
}

TEST_F(JournalTest, ATornTailCostsItsRecordOnly) {
  writeRows(10);
  const std::string bytes = readBytes(path());
  const std::size_t record = bytes.size() / 10;
  for (std::size_t cut = 1; cut <= record; ++cut) {
    writeBytes(path(), bytes.substr(0, bytes.size() - cut));
    const JournalSet set = read();
    EXPECT_EQ(set.finalRows(), 9u) << cut;
    EXPECT_EQ(set.summaries().front().damage.tail, record - cut) << cut;
  }
}

TEST_F(JournalTest, EveryFlippedBitIsFoundAndCostsOneRecord) {
  writeRows(3);
  const std::string bytes = readBytes(path());
  const std::size_t record = bytes.size() / 3;
  for (std::size_t at = record; at < 2 * record; ++at)  // each bit of the middle record
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      writeBytes(path(), damaged);
      const JournalSet set = read();
      ASSERT_TRUE(set.settled(key(0)) && set.settled(key(2))) << at << " " << bit;
      ASSERT_FALSE(set.settled(key(1))) << at << " " << bit;
      ASSERT_EQ(set.summaries().front().damage.records, 1u) << at << " " << bit;
    }
}

TEST_F(JournalTest, AHoleOfZerosIsSkipped) {
  writeRows(40);
  std::string bytes = readBytes(path());
  const std::size_t record = bytes.size() / 40;
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(5 * record + 3), 3 * record, '\0');
  writeBytes(path(), bytes);
  EXPECT_EQ(read().finalRows(), 36u);
}

TEST_F(JournalTest, AGrowingFileIsReadFromWhereItStopped) {
  JournalWriter writer(path(), 1);
  JournalSet set(folder_.path());
  for (std::uint64_t i = 0; i < 20; ++i) {
    writer.append(rowPayload(RecordKind::row, key(i), outcome(1)));
    EXPECT_TRUE(set.refresh().empty()) << "not handed over yet";
    writer.flush();
    EXPECT_EQ(set.refresh().size(), 1u);
    EXPECT_EQ(set.finalRows(), i + 1);
  }
  EXPECT_EQ(set.duplicates(), 0u);
}

TEST_F(JournalTest, TwoWritersNeverShareAFile) {
  const JournalWriter first(path(), 1);
  EXPECT_THROW(JournalWriter(path(), 1), JournalExists);
}

TEST_F(JournalTest, EqualRowsCountOnce) {
  writeRows(5);
  std::filesystem::copy(path(), folder_.path() + "/b.journal");
  const JournalSet set = read();
  EXPECT_EQ(set.finalRows(), 5u);
  EXPECT_EQ(set.duplicates(), 5u);
  EXPECT_NO_THROW(set.requireAgreement());
}

TEST_F(JournalTest, AConflictNamesBothJournalsAndTheValues) {
  for (const auto& [name, time] : {std::pair{"a", 1.5}, {"b", 1.625}}) {
    JournalWriter writer(folder_.path() + "/" + name + ".journal", 1);
    writer.append(rowPayload(RecordKind::row, key(7), outcome(time)));
  }
  try {
    read().requireAgreement();
    FAIL() << "no conflict";
  } catch (const ConflictError& error) {
    EXPECT_THAT(error.what(), HasSubstr("time_s is 1.5 in a.journal and 1.625 in b.journal"));
  }
}

TEST_F(JournalTest, ARetryableFailureNeverConflictsWithAnAnswer) {
  JournalWriter writer(path(), 1);
  const PointOutcome killed =
      outcomeWithout(PointStatus::failed, "failed: crashed with signal 9 (Killed)");
  for (int i = 0; i < 3; ++i) writer.append(rowPayload(RecordKind::retry, key(1), killed));
  writer.append(rowPayload(RecordKind::row, key(1), outcome(3)));
  writer.append(rowPayload(RecordKind::retry, key(2), killed));
  writer.sync();
  const JournalSet set = read();
  EXPECT_NO_THROW(set.requireAgreement());
  EXPECT_EQ(set.outcome(key(1)), outcome(3));
  EXPECT_FALSE(set.settled(key(2))) << "another try may succeed";
}

TEST_F(JournalTest, AFullDiskIsReportedAndWhatWasWrittenStays) {
  // A limit on file sizes stands for a full disk: the same failed write, without root rights.
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{8000, 8000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      JournalWriter writer(path(), 1);
      for (std::uint64_t i = 0;; ++i) {
        writer.append(rowPayload(RecordKind::row, key(i), outcome(1)));
        writer.flush();
      }
    } catch (const JournalFailure& failure) {
      const std::string text = failure.what();
      ::_exit(text.find("free some space") != std::string::npos ? 42 : 1);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(WEXITSTATUS(status), 42);
  const JournalSet set = read();
  const std::size_t record = encodeRecord(rowPayload(RecordKind::row, key(0), outcome(1))).size();
  EXPECT_EQ(set.finalRows(), 8000 / record);
  EXPECT_EQ(set.summaries().front().damage.tail, 0u) << "no torn record is left behind";
}

TEST_F(JournalTest, MarksWithoutRecordsAreReadInOnePass) {
  std::string marks;
  for (int i = 0; i < 2'000'000; ++i) marks += "\xF7WJ1";
  writeBytes(path(), marks);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(read().finalRows(), 0u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_F(JournalTest, SoundRecordsWithoutARowCountAsDamage) {
  {
    JournalWriter writer(path(), 1);
    PointOutcome other = outcome(1);
    other.metrics = {1};
    for (const std::string& payload :
         {std::string("P"), std::string("R12345"), std::string("B\xFF\xFF\xFF\xFF"),
          std::string("E"), rowPayload(RecordKind::row, key(1), other),
          rowPayload(RecordKind::row, key(2), outcome(2))})
      writer.append(payload);
  }
  const JournalSet set = read();
  EXPECT_EQ(set.finalRows(), 1u);
  EXPECT_EQ(set.summaries().front().damage.records, 5u);
}

class SignedJournalTest : public JournalTest {
 protected:
  std::shared_ptr<const JournalKey> keyOf(const std::string& secret) const {
    writeBytes(folder_.path() + "/key", secret);
    return std::make_shared<const JournalKey>(folder_.path() + "/key");
  }
  void writeSigned(const JournalKey& secret) const {
    JournalWriter writer(path(), 1, &secret);
    for (std::uint64_t i = 0; i < 4; ++i) {
      writer.append(rowPayload(RecordKind::row, key(i), outcome(static_cast<double>(i))));
      if (i % 2 == 1) writer.flush();
    }
  }
  std::size_t rowsWith(std::shared_ptr<const JournalKey> secret) const {
    JournalSet set(folder_.path(), {"time_s", "energy_j"}, std::move(secret));
    set.refresh();
    return set.finalRows();
  }
  const std::string secret_ = "0123456789abcdef-one", other_ = "0123456789abcdef-two";
};

TEST_F(SignedJournalTest, IsReadWithItsKeyAndWithoutOne) {
  writeSigned(*keyOf(secret_));
  EXPECT_EQ(rowsWith(keyOf(secret_)), 4u);
  EXPECT_EQ(rowsWith(nullptr), 4u);
}

TEST_F(SignedJournalTest, AWrongKeyIsRefused) {
  writeSigned(*keyOf(secret_));
  EXPECT_THROW(rowsWith(keyOf(other_)), JournalUnreadable);
}

TEST_F(SignedJournalTest, ARowThatWasReplacedIsRefused) {
  writeSigned(*keyOf(secret_));
  std::string bytes = readBytes(path());
  const std::string before = encodeRecord(rowPayload(RecordKind::row, key(1), outcome(1)));
  const std::string after = encodeRecord(rowPayload(RecordKind::row, key(1), outcome(7)));
  ASSERT_EQ(before.size(), after.size());
  bytes.replace(bytes.find(before), before.size(), after);
  writeBytes(path(), bytes);
  EXPECT_EQ(rowsWith(nullptr), 4u) << "its checksums are right";
  EXPECT_THROW(rowsWith(keyOf(secret_)), JournalUnreadable);
}

TEST_F(SignedJournalTest, AJournalUnderAnotherNameIsRefused) {
  writeSigned(*keyOf(secret_));
  std::filesystem::rename(path(), folder_.path() + "/b.journal");
  EXPECT_THROW(rowsWith(keyOf(secret_)), JournalUnreadable);
}

TEST_F(SignedJournalTest, RowsWithoutASignatureDoNotCount) {
  writeRows(3);
  EXPECT_EQ(rowsWith(keyOf(secret_)), 0u);
}

TEST_F(SignedJournalTest, AKeyOfFewBytesIsRefused) {
  EXPECT_THROW(keyOf("short"), InputError);
}

}  // namespace
}  // namespace wattlas::test
