// Lines that are written out one by one and can be read back meanwhile, from any thread.
#pragma once

#include <mutex>
#include <string>

#include "shared/base/result.h"

namespace orders {

class LineBook {
 public:
  // "-" writes to standard output, "" nowhere; anything else is a file, begun anew.
  [[nodiscard]] static migrate::Result<LineBook> open(const std::string& path);
  LineBook(LineBook&& other) noexcept;
  LineBook& operator=(LineBook&&) = delete;
  ~LineBook();

  void append(const std::string& line);
  [[nodiscard]] std::string text() const;
  // The first write that failed: the lines read back are complete then, the file is not.
  [[nodiscard]] migrate::Result<void> health() const;

 private:
  LineBook(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  std::string path_;
  int descriptor_ = -1;
  mutable std::mutex mutex_;
  std::string text_;
  int error_ = 0;
};

}  // namespace orders
