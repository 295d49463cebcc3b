// CRI-O has no interface that pauses, and its checkpoint ends with the container running: both are asked of the
// container's own OCI runtime, on the host. Which that is, and where it keeps its state, its conmon knows for certain:
// the configuration may have changed since the container was made.
#include <fmt/format.h>

#include <system_error>

#include "node/container_runtime/checkpoint.h"
#include "node/container_runtime/documents.h"
#include "node/container_runtime/facts.h"
#include "node/container_runtime/freezer.h"
#include "node/container_runtime/host_files.h"
#include "node/container_runtime/runtimes.h"

namespace migrate::node {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kCommandLimit{10'000};
// CRIU that is killed leaves the Pod's network locked, and what it works at stopped: that its runc is gone ends it as
// well, behind its own undoing.
constexpr milliseconds kCriuPatience{60'000};

struct Living {
  CrioInfo info;
  OciRuntime runtime;
};

std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.pop_back();
  const std::size_t at = text.rfind('\n');
  return at == std::string::npos ? text : text.substr(at + 1);
}

class Crio final : public ContainerRuntime {
 public:
  Crio(Cri cri, ProcessRunner& on_host, HostPaths host)
      : cri_(std::move(cri)), on_host_(on_host), host_(std::move(host)) {}

  Result<RuntimeVersion> version() override { return version_of(cri_); }

  Lookup<RunningContainer> find(const std::string& pod_uid, const std::string& container) override {
    const auto running = cri_.running(pod_uid, container);
    if (!running) return tl::make_unexpected(running.error());
    if (!*running) return std::nullopt;
    const std::string& id = (*running)->id;
    const auto info = living_info(id);
    if (!info) return tl::make_unexpected(info.error());
    if (!*info) return std::nullopt;
    const auto runtime = runtime_of(id, (*info)->pid);
    if (!runtime) return tl::make_unexpected(runtime.error());
    const auto paused = is_paused(id, {**info, *runtime});
    if (!paused) return tl::make_unexpected(paused.error());
    return RunningContainer{id,
                            (*info)->pid,
                            fs::path(runtime->path).filename().string(),
                            resident_memory(host_.proc, (*info)->pid),
                            *paused,
                            shared_memory(host_.proc, (*info)->pid),
                            (*running)->image};
  }

  Bytes image_size(const std::string& image) override { return cri_.image_size(image); }

  Result<bool> exists(const std::string& id) override {
    return living_info(id).map([](const std::optional<CrioInfo>& info) { return info.has_value(); });
  }

  Result<void> pause(const std::string& id) override { return settle(id, "pause", "paused"); }
  Result<void> resume(const std::string& id) override { return settle(id, "resume", "running"); }

  Result<void> checkpoint(const std::string& id, const fs::path& images, const fs::path& work,
                          milliseconds time_limit) override {
    const auto living = living_container(id);
    if (!living) return tl::make_unexpected(living.error().within("checkpoint container " + id));
    const auto dump = [&]() -> Result<void> {
      const auto done =
          ask(living->runtime,
              {"checkpoint", "--leave-running", "--image-path", images.string(), "--work-path", work.string(), id},
              time_limit, kCriuPatience);
      if (!done) return tl::make_unexpected(done.error());
      return {};
    };
    return checkpoint_paused(id, images, work,
                             {[&] { return is_paused(id, *living); }, [&] { return pause(id); }, dump});
  }

  Lookup<fs::path> upper_folder(const std::string& id) override {
    const std::string attempt = "look for the writable layer of container " + id;
    const auto info = living_info(id);
    if (!info) return tl::make_unexpected(info.error());
    if (!*info) return failure(attempt + ": its process is gone");
    const auto mountinfo = read_small(host_.proc / std::to_string((*info)->pid) / "mountinfo");
    if (!mountinfo) return failure(fmt::format("{}: read the mounts of process {}: {}", attempt, (*info)->pid, "gone"));
    // containers/storage mounts LAYER/merged with LAYER/diff as the upper folder.
    const fs::path& root = (*info)->root_path;
    if (!root_is_overlay(*mountinfo) || root.filename() != "merged") return std::nullopt;
    return visible_folder(host_, root.parent_path() / "diff").map_error([&](const Error& error) {
      return error.within(attempt);
    });
  }

  Result<void> make_cold(const std::string& id, const CheckpointImageNames& /*image*/) override {
    return failure(fmt::format("container {}: CRI-O restores no checkpoint's image for us", id));
  }
  Result<void> forget_image(const CheckpointImageNames& /*image*/) override { return {}; }

  Result<ContainerDocuments> documents(const std::string& id, Instant now) override {
    const auto status = cri_.status(id);
    if (!status) return tl::make_unexpected(status.error());
    if (!*status) return failure(fmt::format("describe container {}: CRI-O does not know it", id));
    auto info = parse_crio_info((*status)->info);
    if (!info) return tl::make_unexpected(info.error().within("describe container " + id));
    const auto runtime = runtime_of(id, info->pid);
    if (!runtime) return tl::make_unexpected(runtime.error());
    return documents_of(**status, std::move(info->spec), fs::path(runtime->path).filename().string(), now);
  }

 private:
  // Nothing when its process is gone.
  Lookup<CrioInfo> living_info(const std::string& id) const {
    const auto status = cri_.status(id);
    if (!status) return tl::make_unexpected(status.error());
    if (!*status || (*status)->exited) return std::nullopt;
    auto info = parse_crio_info((*status)->info);
    if (!info) return tl::make_unexpected(info.error().within("ask the status of container " + id + " of CRI-O"));
    if (!process_exists(host_.proc, info->pid)) return std::nullopt;
    return std::move(*info);
  }

  Result<OciRuntime> runtime_of(const std::string& id, pid_t pid) const {
    const auto conmon = parent_of(host_.proc, pid);
    const auto cmdline = conmon ? read_small(host_.proc / std::to_string(*conmon) / "cmdline") : std::nullopt;
    auto runtime = runtime_of_conmon(cmdline.value_or(""), id);
    if (runtime) return std::move(*runtime);
    return failure(
        fmt::format("find the OCI runtime of container {}: the parent of its process {} is not its conmon", id, pid));
  }

  Result<Living> living_container(const std::string& id) const {
    auto info = living_info(id);
    if (!info) return tl::make_unexpected(info.error());
    if (!*info) return failure("its process is gone");
    auto runtime = runtime_of(id, (*info)->pid);
    if (!runtime) return tl::make_unexpected(runtime.error());
    return Living{std::move(**info), std::move(*runtime)};
  }

  // What it printed.
  Result<std::string> ask(const OciRuntime& runtime, const std::vector<std::string>& words, milliseconds time_limit,
                          milliseconds patience = {}) {
    Command command;
    command.argv = {runtime.path};
    if (!runtime.root.empty()) command.argv.insert(command.argv.end(), {"--root", runtime.root});
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.time_limit = time_limit;
    command.patience = patience;
    auto done = on_host_.run(command);
    if (!done) return failure(done.error().message);
    if (done->succeeded()) return std::move(done->output);
    return failure(fmt::format("{} {} answered: {} ({})", runtime.path, words.front(), last_line(done->errors),
                               to_string(done->ending)));
  }

  Result<std::string> state(const std::string& id, const OciRuntime& runtime) {
    const auto answer = ask(runtime, {"state", id}, kCommandLimit);
    return answer ? status_of_state(*answer) : answer;
  }

  Result<bool> is_paused(const std::string& id, const Living& living) {
    if (!process_exists(host_.proc, living.info.pid)) return failure("its process is gone");
    const Freezer freezer = freezer_of(host_, living.info.pid);
    if (freezer != Freezer::unknown) return freezer == Freezer::frozen;
    return state(id, living.runtime).map([](const std::string& status) { return status == "paused"; });
  }

  // `verb`, or it is so already.
  Result<void> settle(const std::string& id, const char* verb, std::string_view wanted) {
    const std::string attempt = fmt::format("{} container {}", verb, id);
    const auto living = living_container(id);
    if (!living) return tl::make_unexpected(living.error().within(attempt));
    const auto done = ask(living->runtime, {verb, id}, kCommandLimit);
    if (done) return {};
    const auto now = state(id, living->runtime);
    if (now && *now == wanted) return {};
    return tl::make_unexpected(done.error().within(attempt));
  }

  Cri cri_;
  ProcessRunner& on_host_;
  HostPaths host_;
};

}  // namespace

std::unique_ptr<ContainerRuntime> make_crio(Cri cri, ProcessRunner& on_host, HostPaths host) {
  return std::make_unique<Crio>(std::move(cri), on_host, std::move(host));
}

}  // namespace migrate::node
