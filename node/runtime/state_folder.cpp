#include "node/runtime/state_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "node/runtime/documents.h"
#include "node/runtime/files.h"

namespace migrate::runtime {
namespace {

namespace fs = std::filesystem;
using Folder = Observation::Folder;

constexpr std::size_t kMarkLimit = 64U << 10;

Observation bad(Folder folder, std::string trouble) {
  Observation seen;
  seen.folder = folder;
  seen.trouble = std::move(trouble);
  return seen;
}

Lookup<Descriptor> open_chain(const fs::path& base, const std::string& pod_uid, const std::string& container) {
  auto folder = open_folder(AT_FDCWD, base.string(), Private::yes);
  for (const std::string& name : {pod_uid, container}) {
    if (!folder || !*folder) return folder;
    folder = open_folder((*folder)->get(), name, Private::yes);
  }
  return folder;
}

}  // namespace

StateFolder::StateFolder(fs::path base, const Identity& identity, std::string boot_id)
    : base_(std::move(base)),
      pod_uid_(identity.pod_uid),
      container_(identity.container),
      boot_id_(std::move(boot_id)),
      path_(base_ / pod_uid_ / container_) {}

Observation StateFolder::observe() const {
  const auto folder = open_chain(base_, pod_uid_, container_);
  if (!folder) return bad(Folder::untrusted, fmt::format("its folder {}: {}", path_.string(), folder.error().message));
  if (!*folder) return {};
  const int at = (*folder)->get();

  // In this order: an agent that takes everything back removes `expected` first.
  Observation seen;
  std::string trouble;
  const auto look = [&](const char* name) -> std::optional<std::string> {
    auto mark = read_below(at, name, kMarkLimit);
    if (mark) return std::move(*mark);
    trouble = fmt::format("its folder {}: {}", path_.string(), mark.error().message);
    return std::nullopt;
  };
  const auto when = [&](const std::optional<std::string>& mark) {
    if (!mark) return Mark::none;
    return !boot_id_.empty() && boot_of_mark(*mark) == boot_id_ ? Mark::this_boot : Mark::earlier_boot;
  };
  seen.used = look("used").has_value();
  seen.claimed = when(look("claimed"));
  seen.go = when(look("go"));
  seen.abort = look("abort").has_value();
  const auto expected = look("expected");
  if (!trouble.empty()) return bad(Folder::untrusted, trouble);
  if (!expected) return seen;
  auto expectation = parse_expectation(*expected);
  seen.folder = expectation ? Folder::prepared : Folder::broken;
  if (expectation)
    seen.expected = std::move(*expectation);
  else
    seen.trouble = fmt::format("{} cannot be used: {}", (path_ / "expected").string(), expectation.error().message);
  return seen;
}

Result<void> StateFolder::mark(const std::string& name, const std::string& content) const {
  const auto folder = open_chain(base_, pod_uid_, container_);
  if (!folder) return tl::make_unexpected(folder.error().within("open " + path_.string()));
  if (!*folder) return failure(fmt::format("mark {} in {}: the folder is gone", name, path_.string()));
  return create_durably((*folder)->get(), name, content).map_error([&](const Error& error) {
    return error.within("in " + path_.string());
  });
}

Result<void> StateFolder::unmark(const std::string& name) const {
  const auto folder = open_chain(base_, pod_uid_, container_);
  if (!folder) return tl::make_unexpected(folder.error().within("open " + path_.string()));
  if (!*folder || ::unlinkat((*folder)->get(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
  return failure(fmt::format("remove {}: {}", (path_ / name).string(), reason()));
}

Result<void> StateFolder::prepare_work() const {
  const auto folder = open_chain(base_, pod_uid_, container_);
  if (!folder) return tl::make_unexpected(folder.error().within("open " + path_.string()));
  if (!*folder) return failure(fmt::format("open {}: it is gone", path_.string()));
  const auto archive = open_folder((*folder)->get(), "archive", Private::no);
  if (!archive) return tl::make_unexpected(archive.error().within("in " + path_.string()));
  if (!*archive) return failure(fmt::format("{} was released without its archive", path_.string()));
  const auto checkpoint = open_folder((*archive)->get(), "checkpoint", Private::no);
  if (!checkpoint) return tl::make_unexpected(checkpoint.error().within("in " + this->archive().string()));
  if (!*checkpoint) return failure(fmt::format("{} holds no checkpoint folder", this->archive().string()));

  // An attempt that ended before its claim may have left one; nothing in it tells of a restore.
  std::error_code code;
  fs::remove_all(work(), code);
  if (code) return failure(fmt::format("empty {}: {}", work().string(), code.message()));
  if (::mkdirat((*folder)->get(), "work", 0700) != 0)
    return failure(fmt::format("make {}: {}", work().string(), reason()));
  return {};
}

}  // namespace migrate::runtime
