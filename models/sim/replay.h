// Plays a profile against a shared link: private time passes by itself, demands go to the link, and
// a segment ends when both are done. Rates change only at segment ends and at arrivals of others.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "models/sim/link.h"

namespace wattlas {

class ReplayModule : public sc_core::sc_module {
 public:
  using Done = std::function<void()>;
  /// `ports` bounds the demands that a segment may have at the same time.
  ReplayModule(const sc_core::sc_module_name& name, LinkModule& link, std::size_t ports = 4);

  /// Plays `profile` (must outlive the replay). A repeated segment is played in at most `grain`
  /// parts: 1 when nobody else uses the link, more to let others in between.
  void play(const Profile& profile, std::int64_t grain, Done done);
  std::int64_t events() const { return events_; }

 private:
  void step();
  void beginPart();
  void partOver();

  std::vector<std::unique_ptr<LinkPort>> ports_;
  LinkModule& link_;
  const Profile* profile_ = nullptr;
  Done done_;
  std::size_t segment_ = 0;
  std::int64_t partsLeft_ = 0, repeatsLeft_ = 0, grain_ = 1;
  int outstanding_ = 0;
  std::int64_t events_ = 0;
  sc_core::sc_event wake_;
};

}  // namespace wattlas
