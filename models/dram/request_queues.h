// Requests of one channel: arrival, read and write queue, write drain.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "models/dram/channel_state.h"
#include "models/dram/controller.h"

namespace wattlas::dram {

/// One access: a burst. `id` grows in order of submission and is the age.
struct Request {
  std::int64_t id = 0;
  Clock arrival = 0;
  int bank = 0;  ///< over all ranks
  std::int64_t row = 0, column = 0;
  bool write = false;
};

class RequestQueues {
 public:
  RequestQueues(const ControllerParams& params, const Timing& clocks);

  /// Arrivals must not go back in time.
  void submit(const Request& request);
  /// When the next request enters its queue; `never` while there is none or its queue is full.
  Clock nextAdmission() const {
    if (input_.empty()) return never;
    const Request& head = input_.front();
    return count_[head.write] < capacity_[head.write] ? head.arrival : never;
  }
  /// Lets it enter; may change the mode.
  Request admit();
  const Request& head() const { return input_.front(); }

  /// Whether writes are served now.
  bool writing() const { return writing_; }
  /// Requests of the current mode for a bank, oldest first.
  const std::vector<Request>& list(int bank) const { return list(writing_, bank); }
  const std::vector<Request>& list(bool write, int bank) const {
    return lists_[write][static_cast<std::size_t>(bank)];
  }
  /// Banks with requests of the current mode, in no order.
  const std::vector<int>& banks() const { return active_[writing_]; }
  /// Oldest request of the current mode for the row, or -1.
  int hit(int bank, std::int64_t row) const;
  /// The same, but nothing once `hits` reached the cap while an older request waits.
  int eligible(int bank, std::int64_t row, std::int64_t hits) const;
  /// Removes a request whose column command was issued; may change the mode.
  Request take(bool write, int bank, int index);

  /// Requests of both modes that wait for the bank.
  std::int64_t waiting(int bank) const { return perBank_[static_cast<std::size_t>(bank)]; }
  bool empty() const { return input_.empty() && queued() == 0; }
  std::int64_t queued() const { return count_[0] + count_[1]; }
  std::int64_t admitted() const { return admitted_; }
  std::int64_t turnarounds() const { return turnarounds_; }

 private:
  void updateMode();

  std::int64_t capacity_[2], count_[2] = {0, 0};
  std::int64_t drainStart_, drainStop_, hitCap_;
  bool writing_ = false, forced_ = false;
  std::int64_t turnarounds_ = 0, admitted_ = 0;
  std::deque<Request> input_;
  std::vector<std::vector<Request>> lists_[2];
  std::vector<int> active_[2];
  std::vector<std::ptrdiff_t> place_[2];  ///< of a bank in active_, -1 = not there
  std::vector<std::int64_t> perBank_;
};

}  // namespace wattlas::dram
