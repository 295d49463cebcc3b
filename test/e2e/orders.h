// The orders workload (test/workloads) on the cluster: its image, its Pods, and the verdict on a run.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "test/harness/cluster.h"
#include "test/temporary_folder.h"

namespace harness {

// Writes a file and returns its path.
[[nodiscard]] std::string put(const migrate::test::TemporaryFolder& folder, const std::string& name,
                              const std::string& content);

// Where orders go through; consumer and producer of a test name the same.
struct Route {
  std::string exchange_type = "fanout";
  std::string routing_key{};
  std::string amqp_url{};  // empty: the default user's, in the default virtual host
};

struct ConsumerSpec {
  std::string pod = "orders";
  std::string node;
  int service_ms = 20;
  int memory_mib = 20;
  int prefetch = 10;
  // A selector stays in a copy of the Pod and would keep it on that node: what is to move by itself is placed by name.
  enum class Placed { by_selector, by_name };
  Placed placed = Placed::by_selector;
  // Named in the Pod's annotations, with its queue, for who closes the consumer's connections; empty: not named.
  std::string broker_secret{};
  std::string service_time{};  // an annotation of the Pod; empty: none
  // The same consumer in another language; the Python one's image is made and pushed when it is first wanted.
  enum class Language { cpp, python };
  Language language = Language::cpp;
  Route route{};
  std::string queue_type = "classic";
  bool idempotent = true;
  // Of a template, whose Pods have a queue each: its name as their environment, and as the product, expands it. Empty:
  // the queue of the Orders.
  std::string queue{};
  std::string annotated_queue{};
  int liveness_failures = 0;  // so many of its http liveness probe, every 2 s, and it is killed; 0: it has none
  // In place of ms2m.control.HOSTNAME: as the consumer expands it ({hostname}), and as the product does. Empty: not.
  std::string control_queue{};
  std::string annotated_control_queue{};
  // Tests are in a hurry; what is compared with others has Kubernetes' own.
  enum class Grace { one_second, kubernetes_own };
  Grace grace = Grace::one_second;
};

struct ProducerSpec {
  double per_second = 20;  // of each of the producers
  int producers = 2;
  int count = 600;     // of all together; 0: until it is stopped
  std::string node{};  // empty: any; one that ends takes the producer's record with it
  Route route{};
  int warm_up = 20;  // a Scene begins when its consumer has handled so many
};

struct Span {  // in microseconds since 1970
  std::int64_t from = 0;
  std::int64_t until = 0;
};

struct Verdict {
  bool clean = false;
  std::string report;                // orders-audit's table
  nlohmann::json figures = nullptr;  // and the same as JSON; of several audits: none
};

class Orders {
 public:
  // Pushes the image to the cluster's registry, if no other of this program's has, under a tag made of the programs'
  // content. With ballast it has a file of that many MiB that nobody reads.
  Orders(const Cluster& cluster, const Namespace& ns, int ballast_mib = 0);
  // Of the same image; orders of their own, with a queue NAMESPACE.LANE and a producer of their own.
  Orders(const Orders& first, const std::string& lane);

  // The broker outlives a test, and of one that was cut off it would hand out messages of a producer that is gone. To
  // be called before somebody consumes; the first constructor has.
  void forget_queues() const;
  // The queue's name; exchanges and the results' queue are named after it.
  [[nodiscard]] const std::string& queue() const { return queue_; }

  // The Pod's manifest, so that a target can be made as a full copy of it.
  [[nodiscard]] nlohmann::json consumer_pod(const ConsumerSpec& spec) const;
  // Starts consumer and producer and returns when both work.
  void start(const ConsumerSpec& consumer, const ProducerSpec& producer) const;
  // The same with a consumer's Pod that was changed.
  void start(const nlohmann::json& consumer, const ProducerSpec& producer) const;
  // The producer alone, once a consumer that is there is connected.
  void start_producer(const std::string& consumer, const ProducerSpec& producer) const;
  void stop_producer() const;

  [[nodiscard]] nlohmann::json state(const std::string& pod) const;  // the consumer's /state
  // The same without its memory, which takes a third of a second for a GiB, and nobody else is answered meanwhile.
  [[nodiscard]] nlohmann::json counts(const std::string& pod_name) const;
  [[nodiscard]] nlohmann::json producer_status() const;
  // Orders of which the broker has said that it has not got them, or nothing.
  [[nodiscard]] std::uint64_t unconfirmed() const;
  // Keeps what an instance has logged; to be called while its Pod exists.
  void keep_log(const std::string& pod);
  // The same of one whose log was kept otherwise, under a name that is its own.
  void add_log(const std::string& instance, std::string log) { logs_[instance] = std::move(log); }

  // Waits until the producer has sent everything and the consumer handles nothing more, then lets orders-audit judge.
  // `undisturbed`: a part of the run, whose message gap is among the figures under that name.
  [[nodiscard]] Verdict judge(const std::string& last_pod, const std::optional<Span>& undisturbed = std::nullopt);

 private:
  [[nodiscard]] std::string http(const std::string& pod, int port, const std::string& path) const;

  const Cluster& cluster_;
  std::string ns_;
  std::string queue_;
  std::string producer_ = "producer";
  std::string image_;
  std::map<std::string, std::string> logs_;
};

}  // namespace harness
