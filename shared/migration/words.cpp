#include "shared/migration/words.h"

#include "shared/migration/migration.h"

namespace migrate {
namespace {

constexpr std::array<Word<Strategy>, 4> kStrategies{{{Strategy::automatic, "Auto"},
                                                     {Strategy::live, "Live"},
                                                     {Strategy::sequential, "Sequential"},
                                                     {Strategy::stop, "Stop"}}};
constexpr std::array<Word<CheckpointBackend>, 3> kBackends{{{CheckpointBackend::automatic, "Auto"},
                                                            {CheckpointBackend::kubelet, "Kubelet"},
                                                            {CheckpointBackend::direct, "Direct"}}};
constexpr std::array<Word<MessageMode>, 3> kModes{
    {{MessageMode::automatic, "Auto"}, {MessageMode::none, "None"}, {MessageMode::queue, "Queue"}}};
constexpr std::array<Word<RestoreWay>, 3> kRestoreWays{
    {{RestoreWay::automatic, "Auto"}, {RestoreWay::runtime, "Runtime"}, {RestoreWay::image, "Image"}}};
constexpr std::array<Word<TransferWay>, 2> kTransferWays{
    {{TransferWay::direct, "Direct"}, {TransferWay::registry, "Registry"}}};
constexpr std::array<Word<RateSource>, 4> kRateSources{{{RateSource::unknown, ""},
                                                        {RateSource::source, "Source"},
                                                        {RateSource::annotation, "Annotation"},
                                                        {RateSource::target, "Target"}}};
constexpr std::array<Word<Resolution>, 4> kResolutions{{{Resolution::none, ""},
                                                        {Resolution::keep_source, "Source"},
                                                        {Resolution::keep_target, "Target"},
                                                        {Resolution::from_checkpoint, "Checkpoint"}}};

}  // namespace

std::string_view to_string(Strategy value) {
  return word_of(value, kStrategies);
}
std::string_view to_string(CheckpointBackend value) {
  return word_of(value, kBackends);
}
std::string_view to_string(MessageMode value) {
  return word_of(value, kModes);
}
std::string_view to_string(RestoreWay value) {
  return word_of(value, kRestoreWays);
}
std::string_view to_string(TransferWay value) {
  return word_of(value, kTransferWays);
}
std::string_view to_string(RateSource value) {
  return word_of(value, kRateSources);
}
std::string_view to_string(Resolution value) {
  return word_of(value, kResolutions);
}

std::optional<Strategy> strategy_from(std::string_view text) {
  return value_of(text, kStrategies);
}
std::optional<CheckpointBackend> backend_from(std::string_view text) {
  return value_of(text, kBackends);
}
std::optional<MessageMode> message_mode_from(std::string_view text) {
  return value_of(text, kModes);
}
std::optional<RestoreWay> restore_way_from(std::string_view text) {
  return value_of(text, kRestoreWays);
}
std::optional<TransferWay> transfer_way_from(std::string_view text) {
  return value_of(text, kTransferWays);
}
std::optional<RateSource> rate_source_from(std::string_view text) {
  return value_of(text, kRateSources);
}
std::optional<Resolution> resolution_from(std::string_view text) {
  return value_of(text, kResolutions);
}

}  // namespace migrate
