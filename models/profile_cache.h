// What was lowered and simulated before, shared between the points and runs of one process.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "models/booked.h"
#include "models/device.h"

namespace wattlas {

class ProfileCache {
 public:
  static Hash128 key(const Program& program, const Device& device, Fidelity fidelity);
  const Profile* find(const Hash128& key) const;
  const Profile& put(const Hash128& key, Profile profile);
  std::size_t size() const { return profiles_.size(); }
  const std::unordered_map<Hash128, Profile, Hash128Hasher>& all() const { return profiles_; }

  /// One key of two hashes that never change places.
  static Hash128 pairKey(const Hash128& first, const Hash128& second) {
    return {first.high ^ second.high, first.low ^ second.low};
  }

  /// A device's answer about an operator; key: (device, operator's shape).
  struct Placed {
    Support support;
    Bits resident;
  };
  const Placed* placed(const Hash128& key) const;
  const Placed& putPlaced(const Hash128& key, Placed placed);

  /// A lowered region. Programs may point into their device, which is therefore kept.
  struct Lowered {
    std::shared_ptr<const Program> program;
    Hash128 hash;  ///< of the program
    std::shared_ptr<const Device> device;
  };
  const Lowered* lowered(const Hash128& key) const;
  const Lowered& putLowered(const Hash128& key, Lowered lowered);

  /// What an operator adds to the books of a run; key: (platform and run, context of the operator).
  const BookedOperator* booked(const Hash128& key) const;
  void putBooked(const Hash128& key, BookedOperator book);

  /// Forgets everything when it holds more than a process should: call between runs.
  void trim();

 private:
  static constexpr std::size_t mostKept = 200000;

  std::unordered_map<Hash128, Profile, Hash128Hasher> profiles_;
  std::unordered_map<Hash128, Placed, Hash128Hasher> placed_;
  std::unordered_map<Hash128, Lowered, Hash128Hasher> lowered_;
  std::unordered_map<Hash128, BookedOperator, Hash128Hasher> books_;
};

}  // namespace wattlas
