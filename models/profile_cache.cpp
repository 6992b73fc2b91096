#include "models/profile_cache.h"

#include <algorithm>

namespace wattlas {

Hash128 ProfileCache::key(const Program& program, const Device& device, Fidelity fidelity) {
  return Hasher()
      .add(program.hash())
      .add(device.hash())
      .integer(static_cast<int>(fidelity))
      .finish();
}

namespace {

template <class Map>
auto* findIn(Map& map, const Hash128& key) {
  const auto at = map.find(key);
  return at == map.end() ? nullptr : &at->second;
}

}  // namespace

const Profile* ProfileCache::find(const Hash128& key) const {
  return findIn(profiles_, key);
}

const Profile& ProfileCache::put(const Hash128& key, Profile profile) {
  return profiles_.insert_or_assign(key, std::move(profile)).first->second;
}

const ProfileCache::Placed* ProfileCache::placed(const Hash128& key) const {
  return findIn(placed_, key);
}

const ProfileCache::Placed& ProfileCache::putPlaced(const Hash128& key, Placed placed) {
  return placed_.insert_or_assign(key, std::move(placed)).first->second;
}

const ProfileCache::Lowered* ProfileCache::lowered(const Hash128& key) const {
  return findIn(lowered_, key);
}

const ProfileCache::Lowered& ProfileCache::putLowered(const Hash128& key, Lowered lowered) {
  return lowered_.insert_or_assign(key, std::move(lowered)).first->second;
}

const BookedOperator* ProfileCache::booked(const Hash128& key) const {
  return findIn(books_, key);
}

void ProfileCache::putBooked(const Hash128& key, BookedOperator book) {
  books_.insert_or_assign(key, std::move(book));
}

void ProfileCache::trim() {
  const std::size_t most =
      std::max({profiles_.size(), placed_.size(), lowered_.size(), books_.size()});
  if (most > mostKept) *this = ProfileCache();
}

}  // namespace wattlas
