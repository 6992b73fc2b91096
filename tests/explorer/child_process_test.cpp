#include "explorer/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "explorer/pipe_io.h"

namespace wattlas {
namespace {

ChildFailure::Kind failureOf(const std::function<std::string()>& work, ChildLimits limits = {}) {
  try {
    runInChild(work, limits);
  } catch (const ChildFailure& failure) {
    return failure.kind();
  }
  ADD_FAILURE() << "must fail";
  return ChildFailure::Kind::threw;
}

bool noZombies() {
  return ::waitpid(-1, nullptr, WNOHANG) < 0;
}

TEST(ChildProcess, BringsBackBytesLargerThanAPipe) {
  const std::string big(3 << 20, 'z');
  EXPECT_EQ(runInChild([&] { return big; }), big);
  EXPECT_EQ(runInChild([] { return std::string(); }), "");
  EXPECT_TRUE(noZombies());
}

TEST(ChildProcess, LeavesTheParentUntouched) {
  int value = 1;
  EXPECT_EQ(runInChild([&] {
              value = 2;
              return std::to_string(value);
            }),
            "2");
  EXPECT_EQ(value, 1);
}

TEST(ChildProcess, SaysHowTheChildFailed) {
  EXPECT_EQ(failureOf([]() -> std::string { std::abort(); }), ChildFailure::Kind::crashed);
  EXPECT_EQ(failureOf([]() -> std::string { ::_exit(0); }), ChildFailure::Kind::crashed);
  EXPECT_EQ(failureOf([]() -> std::string { throw std::runtime_error("no"); }),
            ChildFailure::Kind::threw);
  EXPECT_EQ(failureOf([]() -> std::string { throw std::bad_alloc(); }), ChildFailure::Kind::memory);
  EXPECT_TRUE(noZombies());
}

TEST(ChildProcess, IsKilledAtItsTimeLimit) {
  EXPECT_EQ(failureOf(
                []() -> std::string {
                  for (;;) ::pause();
                },
                {0.05, 0}),
            ChildFailure::Kind::timeout);
  EXPECT_TRUE(noZombies());
}

#if !defined(__SANITIZE_ADDRESS__)
TEST(ChildProcess, IsStoppedAtItsMemoryLimit) {
  EXPECT_EQ(failureOf(
                []() -> std::string {
                  std::vector<std::string> hoard;
                  for (;;) hoard.emplace_back(std::size_t{16} << 20, 'x');
                },
                {10, std::size_t{128} << 20}),
            ChildFailure::Kind::memory);
}
#endif

TEST(ChildProcess, TheMessageNamesTheSignal) {
  try {
    runInChild([]() -> std::string {
      ::raise(SIGKILL);
      return {};
    });
    FAIL() << "must fail";
  } catch (const ChildFailure& failure) {
    EXPECT_STREQ(failure.what(), "crashed with signal 9 (Killed)");
  }
}

TEST(ChildProcess, DiesWithItsParent) {
  // A parent starts a child that tells its id and then waits; the parent is killed.
  const auto file =
      std::filesystem::path(testing::TempDir()) / ("wattlas-child-" + std::to_string(::getpid()));
  const pid_t parent = ::fork();
  if (parent == 0) {
    runInChild([&]() -> std::string {
      std::ofstream(file) << ::getpid() << std::endl;
      for (;;) ::pause();
    });
    ::_exit(0);
  }
  pid_t child = 0;
  for (int i = 0; i < 500 && child == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::ifstream(file) >> child;
  }
  ASSERT_GT(child, 0);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  bool gone = false;
  for (int i = 0; i < 500 && !gone; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    // The init process may be slow to reap it: a zombie is as good as gone.
    std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
    std::string id, name, state;
    gone = !(stat >> id >> name >> state) || state == "Z";
  }
  EXPECT_TRUE(gone);
  std::filesystem::remove(file);
}

TEST(PipeIo, FramesArriveWholeAndDamageIsNoticed) {
  Pipe pipe = makePipe();
  ASSERT_TRUE(writeFrame(pipe.write.get(), "hello"));
  ASSERT_TRUE(writeFrame(pipe.write.get(), ""));
  EXPECT_EQ(readFrame(pipe.read.get()), "hello");
  EXPECT_EQ(readFrame(pipe.read.get()), "");
  ASSERT_TRUE(writeAll(pipe.write.get(), "\xff\xff\xff\xff"));
  pipe.write.close();
  FrameBuffer buffer;
  EXPECT_EQ(buffer.fill(pipe.read.get()), FrameBuffer::Read::data);
  EXPECT_THROW(buffer.next(), std::runtime_error);
  EXPECT_EQ(buffer.fill(pipe.read.get()), FrameBuffer::Read::closed);
}

}  // namespace
}  // namespace wattlas
