#include "node/agent/fence.h"

#include <fmt/format.h>

#include <charconv>

#include "node/agent/disk.h"
#include "node/agent/failure.h"
#include "node/runtime/files.h"

namespace migrate::agent {

namespace fs = std::filesystem;

Fence::Fence(fs::path folder) : folder_(std::move(folder)) {
  std::error_code code;
  for (fs::directory_iterator walk{folder_, code}; !code && walk != fs::directory_iterator{}; walk.increment(code)) {
    if (walk->path().extension() == ".new") continue;  // a write that a crash cut off
    const auto text = runtime::read_file(walk->path(), 64);
    std::int64_t term = 0;
    if (!text || !*text || std::from_chars((*text)->data(), (*text)->data() + (*text)->size(), term).ec != std::errc{})
      continue;
    terms_[walk->path().filename().string()] = {term, true};
  }
}

AgentResult<void> Fence::refuse_older(const Order& order) const {
  if (!is_plain_name(order.migration))
    return agent_failure(AgentError::Kind::precondition,
                         fmt::format("'{}' is not the uid of a Migration", order.migration));
  const auto known = terms_.find(order.migration);
  if (known == terms_.end() || order.term >= known->second.value) return {};
  return tl::make_unexpected(
      AgentError{AgentError::Kind::stale,
                 fmt::format("migration {}: the order is of term {}, but a controller of term {} has taken over",
                             order.name, order.term, known->second.value),
                 known->second.value});
}

AgentResult<void> Fence::check(const Order& order) {
  const std::lock_guard lock{mutex_};
  return refuse_older(order);
}

AgentResult<void> Fence::admit(const Order& order, Written written) {
  const std::lock_guard lock{mutex_};
  if (auto refused = refuse_older(order); !refused) return refused;
  const auto known = terms_.find(order.migration);
  if (known != terms_.end() && order.term == known->second.value && known->second.is_written) return {};
  auto kept = make_private_folder(folder_).and_then(
      [&] { return write_durably(folder_ / order.migration, std::to_string(order.term)); });
  if (!kept && written == Written::must) return failed(kept.error(), "remember the controller's term");
  terms_[order.migration] = {order.term, kept.has_value()};
  return {};
}

void Fence::forget_older_than(std::chrono::hours age) {
  const std::lock_guard lock{mutex_};
  for (auto entry = terms_.begin(); entry != terms_.end();) {
    std::error_code code;
    const auto written = fs::last_write_time(folder_ / entry->first, code);
    if (code || fs::file_time_type::clock::now() - written < age) {
      ++entry;
      continue;
    }
    fs::remove(folder_ / entry->first, code);
    entry = terms_.erase(entry);
  }
}

}  // namespace migrate::agent
