#include "test/workloads/producer/line_book.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "test/workloads/core/process.h"

namespace orders {
namespace {

std::string reason(int error) {
  return std::system_category().message(error);
}

}  // namespace

migrate::Result<LineBook> LineBook::open(const std::string& path) {
  if (path.empty()) return LineBook{path, -1};
  if (path == "-") return LineBook{path, ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)};
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return migrate::failure(fmt::format("open {}: {}", path, reason(errno)));
  return LineBook{path, descriptor};
}

LineBook::LineBook(LineBook&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

LineBook::~LineBook() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void LineBook::append(const std::string& line) {
  const std::scoped_lock lock{mutex_};
  text_ += line;
  text_ += '\n';
  if (descriptor_ >= 0 && !write_line(line, descriptor_) && error_ == 0) error_ = errno;
}

std::string LineBook::text() const {
  const std::scoped_lock lock{mutex_};
  return text_;
}

migrate::Result<void> LineBook::health() const {
  const std::scoped_lock lock{mutex_};
  if (error_ == 0) return {};
  return migrate::failure(fmt::format("write {}: {}", path_, reason(error_)));
}

}  // namespace orders
