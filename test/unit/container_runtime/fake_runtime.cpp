#include "test/unit/container_runtime/fake_runtime.h"

#include <grpcpp/grpcpp.h>

#include <stdexcept>

#include "node/container_runtime/protocol/containerd_containers.grpc.pb.h"
#include "node/container_runtime/protocol/containerd_snapshots.grpc.pb.h"
#include "node/container_runtime/protocol/containerd_tasks.grpc.pb.h"
#include "node/container_runtime/protocol/cri.grpc.pb.h"

namespace migrate::test {
namespace {

namespace containers_v1 = ::containerd::services::containers::v1;
namespace snapshots_v1 = ::containerd::services::snapshots::v1;
namespace tasks_v1 = ::containerd::services::tasks::v1;
namespace cri_v1 = ::runtime::v1;
using grpc::ServerContext;
using grpc::Status;

Status not_found() {
  return {grpc::StatusCode::NOT_FOUND, "not found"};
}

// Notes the call; the failure that was asked for, or nothing.
Status called(FakeRuntimeState& state, const std::string& method, const std::string& id = "") {
  state.calls.push_back(id.empty() ? method : method + " " + id);
  const auto failure = state.failures.find(method);
  if (failure == state.failures.end()) return Status::OK;
  return {grpc::StatusCode::UNKNOWN, failure->second};
}

Status called(FakeRuntimeState& state, const ServerContext& context, const std::string& method, const std::string& id) {
  const auto found = context.client_metadata().find("containerd-namespace");
  state.namespaces.emplace_back(
      found == context.client_metadata().end() ? "" : std::string(found->second.data(), found->second.size()));
  const Status status = called(state, method, id);
  return status.ok() && id != state.id ? not_found() : status;
}

class CriService final : public cri_v1::RuntimeService::Service {
 public:
  explicit CriService(FakeRuntimeState& state) : state_(state) {}

  grpc::Status Version(ServerContext* /*context*/, const cri_v1::VersionRequest* /*request*/,
                       cri_v1::VersionResponse* response) override {
    response->set_runtime_name(state_.name);
    response->set_runtime_version(state_.version);
    return called(state_, "Version");
  }
  grpc::Status Status(ServerContext* /*context*/, const cri_v1::StatusRequest* request,
                      cri_v1::StatusResponse* response) override {
    if (request->verbose()) (*response->mutable_info())["config"] = state_.config;
    for (const std::string& handler : state_.handlers)
      response->add_runtime_handlers()->set_name(handler);
    return called(state_, "Status");
  }
  grpc::Status ListContainers(ServerContext* /*context*/, const cri_v1::ListContainersRequest* request,
                              cri_v1::ListContainersResponse* response) override {
    const auto& labels = request->filter().label_selector();
    const bool asked = request->filter().state().state() == cri_v1::CONTAINER_RUNNING &&
                       labels.at("io.kubernetes.pod.uid") == state_.pod_uid &&
                       labels.at("io.kubernetes.container.name") == state_.container;
    if (asked && state_.listed) {
      cri_v1::Container* older = response->add_containers();
      older->set_id("older");
      older->set_created_at(1);
      cri_v1::Container* newer = response->add_containers();
      newer->set_id(state_.id);
      newer->set_created_at(2);
      newer->set_image_ref("sha256:ab");
    }
    return called(state_, "ListContainers");
  }
  grpc::Status ContainerStatus(ServerContext* /*context*/, const cri_v1::ContainerStatusRequest* request,
                               cri_v1::ContainerStatusResponse* response) override {
    if (request->container_id() != state_.id) return not_found();
    cri_v1::ContainerStatus& status = *response->mutable_status();
    status.set_id(state_.id);
    status.mutable_metadata()->set_name(state_.container);
    status.set_state(state_.exited ? cri_v1::CONTAINER_EXITED : cri_v1::CONTAINER_RUNNING);
    status.mutable_image()->set_image("registry.test/orders:1");
    status.set_image_ref("registry.test/orders@sha256:ab");
    if (request->verbose()) (*response->mutable_info())["info"] = state_.info;
    return called(state_, "ContainerStatus", request->container_id());
  }

 private:
  FakeRuntimeState& state_;
};

class ImagesService final : public cri_v1::ImageService::Service {
 public:
  explicit ImagesService(FakeRuntimeState& state) : state_(state) {}

  // An image that is not there is an answer without one.
  Status ImageStatus(ServerContext* /*context*/, const cri_v1::ImageStatusRequest* request,
                     cri_v1::ImageStatusResponse* response) override {
    if (request->image().image() == "sha256:ab") response->mutable_image()->set_size(state_.image_size);
    return called(state_, "ImageStatus");
  }

 private:
  FakeRuntimeState& state_;
};

class TasksService final : public tasks_v1::Tasks::Service {
 public:
  explicit TasksService(FakeRuntimeState& state) : state_(state) {}

  Status Get(ServerContext* context, const tasks_v1::GetRequest* request, tasks_v1::GetResponse* response) override {
    if (!state_.has_task) return not_found();
    response->mutable_process()->set_pid(static_cast<std::uint32_t>(state_.pid));
    response->mutable_process()->set_status(state_.task == "running"  ? tasks_v1::RUNNING
                                            : state_.task == "paused" ? tasks_v1::PAUSED
                                                                      : tasks_v1::STOPPED);
    return called(state_, *context, "Get", request->container_id());
  }
  Status Pause(ServerContext* context, const tasks_v1::PauseTaskRequest* request,
               google::protobuf::Empty* /*response*/) override {
    Status status = called(state_, *context, "Pause", request->container_id());
    if (!status.ok()) return status;
    if (state_.task != "running") return {grpc::StatusCode::UNKNOWN, "cannot pause a paused container"};
    state_.task = "paused";
    state_.on_pause();
    return Status::OK;
  }
  Status Resume(ServerContext* context, const tasks_v1::ResumeTaskRequest* request,
                google::protobuf::Empty* /*response*/) override {
    Status status = called(state_, *context, "Resume", request->container_id());
    if (!status.ok()) return status;
    if (state_.task != "paused") return {grpc::StatusCode::UNKNOWN, "cannot resume a running process"};
    state_.task = "running";
    state_.on_resume();
    return Status::OK;
  }
  Status Checkpoint(ServerContext* context, const tasks_v1::CheckpointTaskRequest* request,
                    tasks_v1::CheckpointTaskResponse* /*response*/) override {
    tasks_v1::CheckpointOptions options;
    if (request->options().type_url() != "containerd.runc.v1.CheckpointOptions" ||
        !options.ParseFromString(request->options().value()) || options.exit())
      return {grpc::StatusCode::INVALID_ARGUMENT, "other options"};
    state_.on_checkpoint(options.image_path(), options.work_path());
    return called(state_, *context, "Checkpoint", request->container_id());
  }

 private:
  FakeRuntimeState& state_;
};

class ContainersService final : public containers_v1::Containers::Service {
 public:
  explicit ContainersService(FakeRuntimeState& state) : state_(state) {}

  Status Get(ServerContext* context, const containers_v1::GetContainerRequest* request,
             containers_v1::GetContainerResponse* response) override {
    containers_v1::Container& container = *response->mutable_container();
    container.set_id(state_.id);
    container.mutable_runtime()->set_name(state_.shim);
    tasks_v1::RuncOptions options;
    options.set_binary_name(state_.binary);
    container.mutable_runtime()->mutable_options()->set_type_url(state_.options_type);
    container.mutable_runtime()->mutable_options()->set_value(options.SerializeAsString());
    container.mutable_spec()->set_value(state_.spec);
    container.set_snapshotter(state_.snapshotter);
    container.set_snapshot_key("key-" + state_.id);
    return called(state_, *context, "GetContainer", request->id());
  }

 private:
  FakeRuntimeState& state_;
};

class SnapshotsService final : public snapshots_v1::Snapshots::Service {
 public:
  explicit SnapshotsService(FakeRuntimeState& state) : state_(state) {}

  Status Mounts(ServerContext* context, const snapshots_v1::MountsRequest* request,
                snapshots_v1::MountsResponse* response) override {
    if (request->snapshotter() != state_.snapshotter || request->key() != "key-" + state_.id) return not_found();
    snapshots_v1::Mount& mount = *response->add_mounts();
    mount.set_type(state_.mount_type);
    for (const std::string& option : state_.mount_options)
      mount.add_options(option);
    return called(state_, *context, "Mounts", state_.id);
  }

 private:
  FakeRuntimeState& state_;
};

}  // namespace

struct FakeRuntime::Parts {
  explicit Parts(FakeRuntimeState& state)
      : cri(state), images(state), tasks(state), containers(state), snapshots(state) {}
  CriService cri;
  ImagesService images;
  TasksService tasks;
  ContainersService containers;
  SnapshotsService snapshots;
  std::unique_ptr<grpc::Server> server;
};

FakeRuntime::FakeRuntime(const std::filesystem::path& socket, FakeRuntimeState& state)
    : parts_(std::make_unique<Parts>(state)) {
  std::filesystem::create_directories(socket.parent_path());
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + socket.string(), grpc::InsecureServerCredentials());
  builder.RegisterService(&parts_->cri);
  builder.RegisterService(&parts_->images);
  builder.RegisterService(&parts_->tasks);
  builder.RegisterService(&parts_->containers);
  builder.RegisterService(&parts_->snapshots);
  parts_->server = builder.BuildAndStart();
  if (!parts_->server) throw std::runtime_error("cannot serve on " + socket.string());
}

FakeRuntime::~FakeRuntime() {
  parts_->server->Shutdown(std::chrono::system_clock::now());
}

}  // namespace migrate::test
