#include "node/container_runtime/cri.h"

#include "node/container_runtime/call.h"
#include "node/container_runtime/protocol/cri.grpc.pb.h"

namespace migrate::node {

namespace v1 = ::runtime::v1;

struct Cri::Stub {
  std::unique_ptr<v1::RuntimeService::Stub> service;
  std::unique_ptr<v1::ImageService::Stub> images;
};

Cri::Cri(const std::shared_ptr<grpc::Channel>& channel, std::string runtime)
    : stub_(std::make_unique<Stub>(Stub{v1::RuntimeService::NewStub(channel), v1::ImageService::NewStub(channel)})),
      runtime_(std::move(runtime)) {}
Cri::~Cri() = default;
Cri::Cri(Cri&&) noexcept = default;
Cri& Cri::operator=(Cri&&) noexcept = default;

Result<Cri::Version> Cri::version() const {
  grpc::ClientContext context;
  limit(context);
  v1::VersionResponse response;
  const grpc::Status status = stub_->service->Version(&context, {}, &response);
  if (!status.ok()) return tl::make_unexpected(answered("ask the version of the container runtime", runtime_, status));
  return Version{response.runtime_name(), response.runtime_version()};
}

Result<Cri::State> Cri::state() const {
  grpc::ClientContext context;
  limit(context);
  v1::StatusRequest request;
  request.set_verbose(true);
  v1::StatusResponse response;
  const grpc::Status status = stub_->service->Status(&context, request, &response);
  if (!status.ok()) return tl::make_unexpected(answered("ask for the runtime handlers", runtime_, status));
  State state;
  state.handlers.reserve(static_cast<std::size_t>(response.runtime_handlers_size()));
  for (const v1::RuntimeHandler& handler : response.runtime_handlers())
    state.handlers.push_back(handler.name());
  if (const auto config = response.info().find("config"); config != response.info().end())
    state.config = config->second;
  return state;
}

Lookup<Cri::Running> Cri::running(const std::string& pod_uid, const std::string& container) const {
  grpc::ClientContext context;
  limit(context);
  v1::ListContainersRequest request;
  v1::ContainerFilter& filter = *request.mutable_filter();
  filter.mutable_state()->set_state(v1::CONTAINER_RUNNING);
  auto& labels = *filter.mutable_label_selector();
  labels["io.kubernetes.pod.uid"] = pod_uid;
  labels["io.kubernetes.container.name"] = container;
  v1::ListContainersResponse response;
  const grpc::Status status = stub_->service->ListContainers(&context, request, &response);
  if (!status.ok())
    return tl::make_unexpected(
        answered(fmt::format("look for container {} of the Pod with uid {}", container, pod_uid), runtime_, status));
  const v1::Container* newest = nullptr;
  for (const v1::Container& found : response.containers())
    if (newest == nullptr || newest->created_at() < found.created_at()) newest = &found;
  if (newest == nullptr) return std::nullopt;
  return Running{newest->id(), newest->image_ref()};
}

Lookup<ContainerStatus> Cri::status(const std::string& id) const {
  grpc::ClientContext context;
  limit(context);
  v1::ContainerStatusRequest request;
  request.set_container_id(id);
  request.set_verbose(true);
  v1::ContainerStatusResponse response;
  const grpc::Status status = stub_->service->ContainerStatus(&context, request, &response);
  if (status.error_code() == grpc::StatusCode::NOT_FOUND) return std::nullopt;
  if (!status.ok())
    return tl::make_unexpected(answered(fmt::format("ask the status of container {}", id), runtime_, status));
  const v1::ContainerStatus& from = response.status();
  ContainerStatus to;
  to.id = from.id();
  to.name = from.metadata().name();
  to.attempt = from.metadata().attempt();
  to.exited = from.state() == v1::CONTAINER_EXITED;
  to.created = std::chrono::nanoseconds{from.created_at()};
  to.started = std::chrono::nanoseconds{from.started_at()};
  to.image = from.image().image();
  to.image_ref = from.image_ref();
  to.log_path = from.log_path();
  to.labels = {from.labels().begin(), from.labels().end()};
  to.annotations = {from.annotations().begin(), from.annotations().end()};
  if (const auto info = response.info().find("info"); info != response.info().end()) to.info = info->second;
  return to;
}

Bytes Cri::image_size(const std::string& image) const {
  grpc::ClientContext context;
  limit(context);
  v1::ImageStatusRequest request;
  request.mutable_image()->set_image(image);
  v1::ImageStatusResponse response;
  const grpc::Status status = stub_->images->ImageStatus(&context, request, &response);
  return status.ok() ? Bytes{response.image().size()} : Bytes{};
}

}  // namespace migrate::node
