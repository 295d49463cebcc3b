// containerd: containers are found through the CRI, everything else is its own services in the namespace of the CRI.
#include "node/container_runtime/call.h"
#include "node/container_runtime/checkpoint.h"
#include "node/container_runtime/containerd_images.h"
#include "node/container_runtime/documents.h"
#include "node/container_runtime/facts.h"
#include "node/container_runtime/freezer.h"
#include "node/container_runtime/host_files.h"
#include "node/container_runtime/protocol/containerd_containers.grpc.pb.h"
#include "node/container_runtime/protocol/containerd_snapshots.grpc.pb.h"
#include "node/container_runtime/protocol/containerd_tasks.grpc.pb.h"
#include "node/container_runtime/runtimes.h"

namespace migrate::node {
namespace {

namespace containers_v1 = ::containerd::services::containers::v1;
namespace snapshots_v1 = ::containerd::services::snapshots::v1;
namespace tasks_v1 = ::containerd::services::tasks::v1;
namespace fs = std::filesystem;

constexpr const char* kContainerd = "containerd";

struct Context : grpc::ClientContext {
  explicit Context(std::chrono::milliseconds time = kCallLimit) {
    AddMetadata("containerd-namespace", "k8s.io");
    limit(*this, time);
  }
};

tl::unexpected<Error> refused(const std::string& attempt, const grpc::Status& status) {
  return tl::make_unexpected(answered(attempt, kContainerd, status));
}

struct Task {
  pid_t pid = 0;
  tasks_v1::Status status = tasks_v1::UNKNOWN;
};

class Containerd final : public ContainerRuntime {
 public:
  Containerd(Cri cri, const std::shared_ptr<grpc::Channel>& channel, HostPaths host)
      : cri_(std::move(cri)),
        tasks_(tasks_v1::Tasks::NewStub(channel)),
        containers_(containers_v1::Containers::NewStub(channel)),
        snapshots_(snapshots_v1::Snapshots::NewStub(channel)),
        images_(channel),
        host_(std::move(host)) {}

  Result<RuntimeVersion> version() override { return version_of(cri_); }

  Lookup<RunningContainer> find(const std::string& pod_uid, const std::string& container) override {
    const auto running = cri_.running(pod_uid, container);
    if (!running) return tl::make_unexpected(running.error());
    if (!*running) return std::nullopt;
    const std::string& id = (*running)->id;
    const auto task = living_task(id);
    if (!task) return tl::make_unexpected(task.error());
    if (!*task) return std::nullopt;
    const auto record = record_of(id);
    if (!record) return tl::make_unexpected(record.error());
    return RunningContainer{id,
                            (*task)->pid,
                            runtime_of(*record),
                            resident_memory(host_.proc, (*task)->pid),
                            is_frozen(**task),
                            shared_memory(host_.proc, (*task)->pid),
                            (*running)->image};
  }

  Bytes image_size(const std::string& image) override { return cri_.image_size(image); }

  Result<bool> exists(const std::string& id) override {
    return living_task(id).map([](const std::optional<Task>& task) { return task.has_value(); });
  }

  Result<void> pause(const std::string& id) override {
    Context context;
    tasks_v1::PauseTaskRequest request;
    request.set_container_id(id);
    google::protobuf::Empty response;
    const grpc::Status status = tasks_->Pause(&context, request, &response);
    if (status.ok()) return {};
    // It answers an error also when the task is paused already; and it may only think so.
    const auto task = living_task(id);
    if (!task || !*task || (*task)->status != tasks_v1::PAUSED) return refused("pause container " + id, status);
    if (freezer_of(host_, (*task)->pid) != Freezer::running) return {};
    return freeze_directly(host_, (*task)->pid);
  }

  Result<void> resume(const std::string& id) override {
    Context context;
    tasks_v1::ResumeTaskRequest request;
    request.set_container_id(id);
    google::protobuf::Empty response;
    const grpc::Status status = tasks_->Resume(&context, request, &response);
    if (status.ok()) return {};
    const auto task = living_task(id);
    const bool runs = task && *task && (*task)->status == tasks_v1::RUNNING && !is_frozen(**task);
    if (runs) return {};
    return refused("resume container " + id, status);
  }

  Result<void> checkpoint(const std::string& id, const fs::path& images, const fs::path& work,
                          std::chrono::milliseconds time_limit) override {
    return checkpoint_paused(
        id, images, work,
        {[&] { return is_paused(id); }, [&] { return pause(id); }, [&] { return dump(id, images, work, time_limit); }});
  }

  Lookup<fs::path> upper_folder(const std::string& id) override {
    const auto record = record_of(id);
    if (!record) return tl::make_unexpected(record.error());
    Context context;
    snapshots_v1::MountsRequest request;
    request.set_snapshotter(record->snapshotter());
    request.set_key(record->snapshot_key());
    snapshots_v1::MountsResponse response;
    const grpc::Status status = snapshots_->Mounts(&context, request, &response);
    const std::string attempt = "look for the writable layer of container " + id;
    if (!status.ok()) return refused(attempt, status);
    std::vector<Mount> mounts;
    mounts.reserve(static_cast<std::size_t>(response.mounts_size()));
    for (const snapshots_v1::Mount& mount : response.mounts())
      mounts.push_back({mount.type(), mount.source(), {mount.options().begin(), mount.options().end()}});
    const auto upper = upper_folder_of(record->snapshotter(), mounts);
    if (!upper) return std::nullopt;
    return visible_folder(host_, *upper).map_error([&](const Error& error) { return error.within(attempt); });
  }

  Result<void> make_cold(const std::string& id, const CheckpointImageNames& image) override {
    const auto record = record_of(id);
    if (!record) return tl::make_unexpected(record.error());
    return images_.make_cold(record->image(), image);
  }

  Result<void> forget_image(const CheckpointImageNames& image) override {
    return images_.forget(image.reference).and_then([&] { return images_.forget(image.id); });
  }

  Result<ContainerDocuments> documents(const std::string& id, Instant now) override {
    const auto status = cri_.status(id);
    if (!status) return tl::make_unexpected(status.error());
    if (!*status) return failure(fmt::format("describe container {}: containerd does not know it", id));
    const auto record = record_of(id);
    if (!record) return tl::make_unexpected(record.error());
    return documents_of(**status, record->spec().value(), record->runtime().name(), now);
  }

 private:
  // Nothing when its process is gone.
  Lookup<Task> living_task(const std::string& id) {
    Context context;
    tasks_v1::GetRequest request;
    request.set_container_id(id);
    tasks_v1::GetResponse response;
    const grpc::Status status = tasks_->Get(&context, request, &response);
    if (status.error_code() == grpc::StatusCode::NOT_FOUND) return std::nullopt;
    if (!status.ok()) return refused("ask the task of container " + id, status);
    if (response.process().status() == tasks_v1::STOPPED) return std::nullopt;
    return Task{static_cast<pid_t>(response.process().pid()), response.process().status()};
  }

  Result<containers_v1::Container> record_of(const std::string& id) {
    Context context;
    containers_v1::GetContainerRequest request;
    request.set_id(id);
    containers_v1::GetContainerResponse response;
    const grpc::Status status = containers_->Get(&context, request, &response);
    if (!status.ok()) return refused("read the record of container " + id, status);
    return std::move(*response.mutable_container());
  }

  static std::string runtime_of(const containers_v1::Container& record) {
    tasks_v1::RuncOptions options;
    const google::protobuf::Any& any = record.runtime().options();
    const bool are_runcs = any.type_url().find("containerd.runc.v1.Options") != std::string::npos;
    if (are_runcs && !options.ParseFromString(any.value())) options.Clear();
    return runtime_of_shim(record.runtime().name(), options.binary_name());
  }

  bool is_frozen(const Task& task) const {
    const Freezer freezer = freezer_of(host_, task.pid);
    return freezer == Freezer::unknown ? task.status == tasks_v1::PAUSED : freezer == Freezer::frozen;
  }

  Result<bool> is_paused(const std::string& id) {
    const auto task = living_task(id);
    if (!task) return tl::make_unexpected(task.error());
    if (!*task) return failure("its process is gone");
    return is_frozen(**task);
  }

  Result<void> dump(const std::string& id, const fs::path& images, const fs::path& work,
                    std::chrono::milliseconds time_limit) {
    Context context(time_limit);
    tasks_v1::CheckpointOptions options;
    options.set_image_path(images.string());
    options.set_work_path(work.string());
    tasks_v1::CheckpointTaskRequest request;
    request.set_container_id(id);
    // Without a path containerd would pack the images into its own store, which takes longer than CRIU itself.
    request.mutable_options()->set_type_url("containerd.runc.v1.CheckpointOptions");
    request.mutable_options()->set_value(options.SerializeAsString());
    tasks_v1::CheckpointTaskResponse response;
    const grpc::Status status = tasks_->Checkpoint(&context, request, &response);
    if (status.ok()) return {};
    return refused("let CRIU dump it", status);
  }

  Cri cri_;
  std::unique_ptr<tasks_v1::Tasks::Stub> tasks_;
  std::unique_ptr<containers_v1::Containers::Stub> containers_;
  std::unique_ptr<snapshots_v1::Snapshots::Stub> snapshots_;
  ContainerdImages images_;
  HostPaths host_;
};

}  // namespace

std::unique_ptr<ContainerRuntime> make_containerd(Cri cri, const std::shared_ptr<grpc::Channel>& channel,
                                                  HostPaths host) {
  return std::make_unique<Containerd>(std::move(cri), channel, std::move(host));
}

}  // namespace migrate::node
