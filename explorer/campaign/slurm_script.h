// The Slurm array script of a campaign.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wattlas {

struct SlurmOptions {
  std::string executable, folder;  ///< absolute paths
  std::string study, plan;         ///< name and id
  std::uint32_t shards = 1;
  std::uint32_t atOnce = 0;  ///< array tasks running at a time; 0 = as Slurm likes
  int cpus = 1;              ///< worker processes per task
  std::string time = "04:00:00";
  std::string memory = "4G";      ///< per task
  std::string runOptions;         ///< further options of `campaign run`, words with spaces between
  std::vector<std::string> more;  ///< further #SBATCH options, such as "--partition=long"
  int warningSeconds = 120;       ///< USR1 so long before the limit
  std::vector<std::uint32_t> incomplete;  ///< shards to run
};

/// A bash script for sbatch: one shard per array task; a task that runs out of time or is
/// interrupted ends cleanly and puts itself back into the queue. All that goes into it is quoted;
/// throws InputError for what cannot be.
std::string slurmScript(const SlurmOptions& options);

/// For the shell: any path, whatever it holds.
std::string shellQuoted(const std::string& text);

/// Name of its jobs: by it, tasks in the queue are found again.
std::string slurmJobName(const SlurmOptions& options);

}  // namespace wattlas
