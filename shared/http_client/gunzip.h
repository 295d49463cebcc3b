// A gzip-compressed body (RFC 1952) unpacked piece by piece.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace migrate::http {

class Gunzip {
 public:
  Gunzip();
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // Appends what `piece` holds to `out`, up to `limit` bytes in all. False: damaged, or larger than the limit.
  [[nodiscard]] bool feed(std::string_view piece, std::string& out, std::size_t limit);
  [[nodiscard]] bool is_complete() const { return complete_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  bool complete_ = false;
};

}  // namespace migrate::http
