#include "node/agent/installation.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>

#include "node/agent/criu_config.h"
#include "node/agent/disk.h"
#include "node/agent/places.h"
#include "node/agent/source_record.h"
#include "node/container_runtime/host_files.h"
#include "node/runtime/documents.h"
#include "node/runtime/files.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kProgramLimit = 256U << 20;
constexpr std::size_t kTextLimit = 1U << 20;

// migrate-runc looks on its PATH, which is the container runtime's; the rest are k3s's, CRI-O's and other bundles'.
constexpr std::array<const char*, 5> kUsualFolders{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin",
                                                   "/sbin"};
constexpr std::array<const char*, 5> kOtherPlaces{"/var/lib/rancher/k3s/data/current/bin/runc",
                                                  "/var/lib/rancher/rke2/bin/runc", "/usr/libexec/crio/runc",
                                                  "/opt/containerd/bin/runc", "/opt/crio/bin/runc"};

bool is_program(const fs::path& root, const fs::path& path) {
  struct stat status {};
  return ::stat(node::below_root(root, path).c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         (status.st_mode & 0111) != 0;
}

bool is_on_usual_path(const fs::path& runc) {
  for (const char* folder : kUsualFolders)
    if (runc.parent_path() == folder) return true;
  return false;
}

Result<void> make_parents(const fs::path& file) {
  std::error_code code;
  fs::create_directories(file.parent_path(), code);
  if (code) return failure(fmt::format("make {}: {}", file.parent_path().string(), code.message()));
  return {};
}

// The file's place through its folder's links; the file itself may be a link that is to be replaced.
fs::path place_of(const fs::path& root, const fs::path& file) {
  return node::below_root(root, file.parent_path()) / file.filename();
}

// True: it was written.
Result<bool> put(const fs::path& root, const fs::path& file, const std::string& content, unsigned mode) {
  const fs::path place = place_of(root, file);
  struct stat status {};
  if (::lstat(place.c_str(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 07777) == mode) {
    const auto old = runtime::read_file(place, kProgramLimit);
    if (old && *old && **old == content) return false;
  }
  if (auto made = make_parents(place); !made) return tl::make_unexpected(made.error());
  if (auto written = write_durably(place, content, mode); !written) return tl::make_unexpected(written.error());
  return true;
}

Result<std::string> text_of(const fs::path& file, std::size_t limit) {
  auto text = runtime::read_file(file, limit);
  if (!text) return tl::make_unexpected(text.error());
  return std::move(*text).value_or("");
}

std::string text_of_settings(const fs::path& runc) {
  return nlohmann::json{{"runc", runc.string()}}.dump(2) + "\n";
}

// What migrate-runc goes by; as if there were none where they cannot be understood.
runtime::Settings settings_in(const fs::path& root) {
  const auto text = text_of(node::below_root(root, kRuntimeSettings), kTextLimit);
  if (!text || text->empty()) return {};
  return runtime::parse_settings(*text).value_or(runtime::Settings{});
}

// What runc is by our settings, or else by our own search; empty: nowhere.
fs::path runc_of(const fs::path& root) {
  const fs::path configured = settings_in(root).runc;
  return configured.empty() ? find_host_runc(root) : configured;
}

Result<void> free_criu(const fs::path& root, Uninstalled& done) {
  const fs::path criu = node::below_root(root, kCriuConfiguration);
  const auto options = text_of(criu, kTextLimit);
  if (!options) return tl::make_unexpected(options.error());
  const std::string rest = without_our_options(*options);
  if (rest == *options) return {};
  const auto written = rest.empty() ? remove_tree(criu) : write_durably(criu, rest, 0644);
  if (!written) return tl::make_unexpected(written.error().within("take our options out of CRIU's configuration"));
  done.changed.emplace_back(kCriuConfiguration);
  return {};
}

bool holds_nothing(const fs::path& folder) {
  std::error_code code;
  return fs::directory_iterator{folder, code} == fs::directory_iterator{};
}

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> all;
  std::error_code code;
  for (fs::directory_iterator walk{folder, code}; !code && walk != fs::directory_iterator{}; walk.increment(code))
    all.push_back(walk->path());
  return all;
}

// Why the memory of a source, or its only record, must stay; empty: it need not.
std::string needed_by(const fs::path& source, const Places& places) {
  const auto text = runtime::read_file(source / "record.json", kTextLimit);
  if (text && !*text) return "";
  const auto stored = text ? parse_source(**text) : Result<StoredSource>(tl::make_unexpected(text.error()));
  if (!stored) return "its record cannot be read: " + stored.error().message;
  if (!places.may_hold(stored->pod.uid)) return "";  // its containers are gone
  switch (stored->state) {
    case SourceState::none:
    case SourceState::snapshotted:
      return "";
    case SourceState::thawed:
      if (stored->settled) return "";
      return fmt::format("the source of {} is to be thawed, which its agent does", stored->name);
    case SourceState::frozen:
    case SourceState::committed:
      break;
  }
  return fmt::format("the source of {} is {}", stored->name, to_string(stored->state));
}

Result<void> remove_state(const InstallationPlace& place, const Places& places, Uninstalled& done) {
  for (const fs::path& source : entries_of(places.sources())) {
    if (const std::string why = needed_by(source, places); !why.empty())
      done.kept.push_back(fmt::format("{}: {}", source.string(), why));
    else if (auto removed = remove_tree(source); !removed)
      return removed;
  }
  for (const fs::path& restored : entries_of(places.restores())) {
    if (places.may_hold(restored.filename().string()))
      done.kept.push_back(fmt::format("{}: that Pod was restored, and lives on this node", restored.string()));
    else if (auto removed = remove_tree(restored); !removed)
      return removed;
  }
  const bool has_restored = !holds_nothing(places.restores());
  // A source that must stay may have all else here as its record. A Pod that was restored has its own folder alone.
  if (!holds_nothing(places.sources())) return {};
  for (const fs::path& entry : entries_of(place.state))
    if (!has_restored || entry != places.restores())
      if (auto removed = remove_tree(entry); !removed) return removed;
  if (has_restored) return {};
  // Where it is mounted here, it can be removed by the host's own path alone.
  std::error_code code;
  const bool is_gone = fs::remove(node::below_root(place.root, place.state), code) || fs::remove(place.state, code);
  if (is_gone) done.changed.push_back(place.state.string());
  return {};
}

Result<void> leave_link(const fs::path& root, Uninstalled& done) {
  done.kept.push_back(fmt::format("{}: a link to runc, for Pods that were migrated", kInstalledRuntime));
  const fs::path installed = place_of(root, kInstalledRuntime);
  struct stat status {};
  if (::lstat(installed.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  const fs::path runc = runc_of(root);
  if (runc.empty()) return failure("replace migrate-runc by runc: there is no runc on this node");
  const fs::path link = installed.string() + ".new";
  ::unlink(link.c_str());
  if (::symlink(runc.c_str(), link.c_str()) != 0 || ::rename(link.c_str(), installed.c_str()) != 0)
    return failure(fmt::format("replace {} by a link to {}: {}", kInstalledRuntime, runc.string(), reason()));
  done.changed.emplace_back(kInstalledRuntime);
  return {};
}

// With its folders, where nobody else has put anything.
Result<void> remove_runtime(const fs::path& root, Uninstalled& done) {
  const fs::path settings = place_of(root, kRuntimeSettings);
  const auto text = text_of(settings, kTextLimit);
  if (!text) return tl::make_unexpected(text.error());
  const bool is_ours = *text == text_of_settings(find_host_runc(root));
  if (!text->empty() && !is_ours) done.left.push_back(fmt::format("{}: somebody has changed it", kRuntimeSettings));
  for (const fs::path& file : {place_of(root, kInstalledRuntime), is_ours ? settings : fs::path{}}) {
    std::error_code code;
    if (file.empty() || !fs::exists(fs::symlink_status(file, code))) continue;
    if (auto removed = remove_tree(file); !removed) return removed;
    done.changed.push_back(file.filename() == settings.filename() ? kRuntimeSettings : kInstalledRuntime);
  }
  for (const char* folder : {"/opt/kubectl-migrate/bin", "/opt/kubectl-migrate", "/etc/kubectl-migrate"}) {
    std::error_code not_empty;
    fs::remove(node::below_root(root, folder), not_empty);
  }
  return {};
}

}  // namespace

fs::path find_host_runc(const fs::path& root) {
  for (const char* folder : kUsualFolders)
    if (fs::path path = fs::path(folder) / "runc"; is_program(root, path)) return path;
  for (const char* path : kOtherPlaces)
    if (is_program(root, path)) return path;
  return {};
}

fs::path runtime_log_in(const fs::path& root) {
  return node::below_root(root, settings_in(root).log);
}

Result<std::vector<std::string>> install(const InstallationPlace& place) {
  std::vector<std::string> changed;
  const auto note = [&](const Result<bool>& written, const char* what) {
    if (written && *written) changed.emplace_back(what);
    return written.has_value();
  };
  auto program = runtime::read_file(place.program, kProgramLimit);
  if (!program) return tl::make_unexpected(program.error().within("install migrate-runc"));
  if (!*program) return failure(fmt::format("install migrate-runc: there is no {}", place.program.string()));
  const auto installed = put(place.root, kInstalledRuntime, **program, 0755);
  if (!note(installed, kInstalledRuntime)) return tl::make_unexpected(installed.error().within("install migrate-runc"));

  const fs::path runc = find_host_runc(place.root);
  if (runc.empty()) return failure("install migrate-runc: there is no runc on this node, which it stands on");
  // An administrator's settings stay.
  const auto settings = text_of(node::below_root(place.root, kRuntimeSettings), kTextLimit);
  if (!settings) return tl::make_unexpected(settings.error());
  if (settings->empty() && !is_on_usual_path(runc)) {
    const auto written = put(place.root, kRuntimeSettings, text_of_settings(runc), 0644);
    if (!note(written, kRuntimeSettings)) return tl::make_unexpected(written.error());
  }

  const fs::path criu = node::below_root(place.root, kCriuConfiguration);
  const auto options = text_of(criu, kTextLimit);
  if (!options) return tl::make_unexpected(options.error().within("configure CRIU"));
  const std::string merged = with_our_options(*options);
  if (merged != *options) {
    const auto written = put(place.root, kCriuConfiguration, merged, 0644);
    if (!note(written, kCriuConfiguration)) return tl::make_unexpected(written.error().within("configure CRIU"));
  }
  if (auto made = make_private_folder(place.state); !made) return tl::make_unexpected(made.error());
  if (::chmod(place.state.c_str(), 0700) != 0)  // a hostPath made by the kubelet is open to all
    return failure(fmt::format("keep {} for root alone: {}", place.state.string(), reason()));
  return changed;
}

Result<Uninstalled> uninstall(const InstallationPlace& place, const fs::path& pods, HandlerUse use) {
  Uninstalled done;
  const Places places{place.state, pods};
  if (auto freed = free_criu(place.root, done); !freed) return tl::make_unexpected(freed.error());
  // Archives are memory: they go first of what may fail.
  if (auto removed = remove_state(place, places, done); !removed) return tl::make_unexpected(removed.error());
  const bool is_used = use == HandlerUse::perhaps || !holds_nothing(places.restores());
  auto replaced = is_used ? leave_link(place.root, done) : remove_runtime(place.root, done);
  if (!replaced) return tl::make_unexpected(replaced.error());
  return done;
}

}  // namespace migrate::agent
