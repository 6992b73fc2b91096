// Does the array script do what a cluster asks of it?
#include "explorer/campaign/slurm_script.h"

#include <gmock/gmock.h>

#include <functional>

#include "models/base/error.h"
#include "tests/explorer/campaign/campaign_fixture.h"

namespace wattlas::test {
namespace {

using ::testing::HasSubstr;

SlurmOptions options(const std::string& executable, const std::string& folder) {
  SlurmOptions o;
  o.executable = executable;
  o.folder = folder;
  o.study = "my study";
  o.plan = "0123456789abcdef";
  o.shards = 10;
  o.incomplete = {2, 5, 6, 7};
  return o;
}

TEST(SlurmScriptTest, AsksForWhatIsMissingAndForTheSignal) {
  SlurmOptions o = options("/opt/wattlas", "/data/sweep");
  o.atOnce = 3;
  o.more = {"--partition=long"};
  const std::string script = slurmScript(o);
  for (const char* line :
       {"#SBATCH --array=2,5-7%3", "#SBATCH --requeue", "#SBATCH --open-mode=append",
        "#SBATCH --signal=B:USR1@120", "#SBATCH --partition=long",
        "#SBATCH --job-name=wattlas-my-study-01234567"})
    EXPECT_THAT(script, HasSubstr(line));
}

/// The script under a plain bash, with a stand-in for the command and for scontrol.
class SlurmScriptRun : public ::testing::Test {
 protected:
  std::string run(const std::string& command, const std::string& signal = {}) {
    const std::string bin = folder_.path() + "/bin";
    std::filesystem::create_directories(bin);
    writeBytes(bin + "/it's wattlas", "#!/bin/bash\n" + command);
    writeBytes(bin + "/scontrol", "#!/bin/bash\necho scontrol \"$@\"\n");
    writeBytes(folder_.path() + "/job.sh",
               slurmScript(options(bin + "/it's wattlas", folder_.path())));
    for (const char* file : {"/bin/it's wattlas", "/bin/scontrol"})
      std::filesystem::permissions(folder_.path() + file, std::filesystem::perms::owner_all);
    const std::string start = "cd '" + folder_.path() + "'; PATH=\"$PWD/bin:$PATH\" " +
                              "SLURM_ARRAY_TASK_ID=5 SLURM_ARRAY_JOB_ID=77 bash job.sh >out 2>&1 ";
    const std::string finish = signal.empty() ? "; echo \"exit $?\" >>out"
                                              : "& j=$!; sleep 0.5; kill -" + signal +
                                                    " $j; wait $j; echo \"exit $?\" >>out";
    EXPECT_EQ(std::system(("bash -c '" + replaceQuotes(start + finish) + "'").c_str()), 0);
    return readBytes(folder_.path() + "/out");
  }
  static std::string replaceQuotes(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out;
  }
  TempFolder folder_;
};

TEST_F(SlurmScriptRun, PassesTheShardAndTheExitCode) {
  const std::string out = run("echo \"$@\"; exit 3");
  EXPECT_THAT(out, HasSubstr("--shard 5/10 -j 1"));
  EXPECT_THAT(out, HasSubstr("exit 3"));
  EXPECT_THAT(out, ::testing::Not(HasSubstr("scontrol")));
}

TEST_F(SlurmScriptRun, AnInterruptedTaskGoesBackIntoTheQueue) {
  const std::string out = run(
      "trap 'sleep 0.2; exit 75' USR1; for i in $(seq 100); do sleep 0.1; done; exit 0", "USR1");
  EXPECT_THAT(out, HasSubstr("scontrol requeue 77_5"));
  EXPECT_THAT(out, HasSubstr("exit 75"));
}

TEST_F(SlurmScriptRun, AKilledTaskGoesBackIntoTheQueue) {
  EXPECT_THAT(run("kill -9 $$"), HasSubstr("scontrol requeue 77_5"));
}

TEST_F(SlurmScriptRun, OptionsReachTheCommandAsWordsAndNothingElse) {
  SlurmOptions o = options("/opt/wattlas", "/data/sweep");
  o.runOptions = "--cache /tmp/c; touch /tmp/x $(id) `id`";
  EXPECT_THAT(slurmScript(o), HasSubstr("'--cache' '/tmp/c;' 'touch' '/tmp/x' '$(id)' '`id`' &"));
}

TEST(SlurmScriptTest, WhatCouldReachTheShellIsRefused) {
  const auto refused = [](const std::function<void(SlurmOptions&)>& change) {
    SlurmOptions o = options("/opt/wattlas", "/data/sweep");
    change(o);
    EXPECT_THROW(slurmScript(o), InputError);
  };
  refused([](SlurmOptions& o) { o.folder = "/data/a\ntouch x\n"; });
  refused([](SlurmOptions& o) { o.folder = "/data/a\"b"; });
  refused([](SlurmOptions& o) { o.executable = "/opt/a\rb"; });
  refused([](SlurmOptions& o) { o.time = "1:00\ntouch x"; });
  refused([](SlurmOptions& o) { o.memory = "4G\nrm x"; });
  refused([](SlurmOptions& o) { o.runOptions = "--cache a\ntouch x"; });
  refused([](SlurmOptions& o) { o.more = {"--partition=x\ntouch x"}; });
  refused([](SlurmOptions& o) { o.more = {"touch x"}; });
}

}  // namespace
}  // namespace wattlas::test
