#include "explorer/campaign/journal_key.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include "models/base/byte_stream.h"
#include "models/base/config.h"

namespace wattlas {

JournalKey::JournalKey(const std::string& file) : secret_(readTextFile(file, 4096)) {
  if (secret_.size() < 16)
    throw InputError(Problem{{file, 0},
                             "",
                             "is too short for a key",
                             "at least 16 random bytes",
                             "such as: head -c 32 /dev/urandom > KEYFILE; chmod 600 KEYFILE"});
}

std::string JournalKey::seal(std::string_view journal, std::uint64_t offset,
                             std::string_view bytes) const {
  ByteWriter message;
  message.text("wattlas journal 1");
  message.text(journal);
  message.u64(offset);
  const std::string text = message.take().append(bytes);
  std::array<unsigned char, EVP_MAX_MD_SIZE> seal{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), seal.data(),
           &size) == nullptr)
    throw std::runtime_error("the cryptographic library cannot sign");
  return {reinterpret_cast<const char*>(seal.data()), size};
}

}  // namespace wattlas
