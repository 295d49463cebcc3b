#include "shared/support/redaction.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

namespace migrate::support {
namespace {

namespace data = boost::unit_test::data;
using Json = nlohmann::json;

struct Case {
  std::string name;
  std::string object;
  std::string wanted;
};
std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.name;
}

const std::vector<Case> kCases = {
    {"a Secret, which nobody should have read", R"({"kind":"Secret","metadata":{"name":"s"},"type":"Opaque",
       "data":{"a":"YQ==","b":""},"stringData":{"c":"d"}})",
     R"({"kind":"Secret","metadata":{"name":"s"},"type":"Opaque","data":{"a":"***","b":""},"stringData":{"c":"***"}})"},
    {"Secrets in a list have no kind of their own", R"({"kind":"SecretList","items":[{"data":{"a":"YQ=="}}]})",
     R"({"kind":"SecretList","items":[{"data":{"a":"***"}}]})"},
    {"Secrets in a mixed list", R"({"kind":"List","items":[{"kind":"Secret","data":{"a":"YQ=="}}]})",
     R"({"kind":"List","items":[{"kind":"Secret","data":{"a":"***"}}]})"},
    {"env values, wherever containers stand", R"({"spec":{"initContainers":[{"env":[{"name":"A","value":"1"}]}],
       "template":{"spec":{"containers":[{"name":"app","env":[{"name":"B","value":"2"},{"name":"C"},
         {"name":"D","valueFrom":{"secretKeyRef":{"name":"rabbitmq","key":"password"}}}]}]}}}})",
     R"({"spec":{"initContainers":[{"env":[{"name":"A","value":"***"}]}],
       "template":{"spec":{"containers":[{"name":"app","env":[{"name":"B","value":"***"},{"name":"C"},
         {"name":"D","valueFrom":{"secretKeyRef":{"name":"rabbitmq","key":"password"}}}]}]}}}})"},
    {"a probe's headers", R"({"httpGet":{"path":"/","httpHeaders":[{"name":"X-Id","value":"7"}]}})",
     R"({"httpGet":{"path":"/","httpHeaders":[{"name":"X-Id","value":"***"}]}})"},
    {"a setting that is called like a secret",
     R"({"parameters":[{"name":"db-password","value":"x"},{"name":"n","value":"y"}]})",
     R"({"parameters":[{"name":"db-password","value":"***"},{"name":"n","value":"y"}]})"},
    {"copies of the object in annotations", R"({"metadata":{"annotations":{
       "kubectl.kubernetes.io/last-applied-configuration":"{\"spec\":{}}","objectset.rio.cattle.io/applied":"H4sIA","a/b":"c"}}})",
     R"({"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"***",
       "objectset.rio.cattle.io/applied":"***","a/b":"c"}}})"},
    {"our own copy of the source Pod, which is JSON in a text", R"({"metadata":{"annotations":{
       "kubectl-migrate.dev/source":"{\"spec\":{\"containers\":[{\"env\":[{\"name\":\"A\",\"value\":\"1\"}]}]}}"}}})",
     R"({"metadata":{"annotations":{
       "kubectl-migrate.dev/source":"{\"spec\":{\"containers\":[{\"env\":[{\"name\":\"A\",\"value\":\"***\"}]}]}}"}}})"},
    {"JSON in JSON in a text", R"({"a":"[\"{\\\"token\\\":\\\"t\\\"}\"]"})",
     R"({"a":"[\"{\\\"token\\\":\\\"***\\\"}\"]"})"},
    {"arguments", R"({"command":["app","--password","p","--token=t","--user","u","-secret"],"args":["amqp://u:p@h/"]})",
     R"({"command":["app","--password","***","--token=***","--user","u","-secret"],"args":["amqp://***@h/"]})"},
    {"fields that are called like secrets, but not switches, names and structures",
     R"({"password":"p","pin":{"accessKey":12},"automountServiceAccountToken":true,"token":null,"secretName":"n",
       "serviceAccountToken":{"path":"token","expirationSeconds":3600}})",
     R"({"password":"***","pin":{"accessKey":"***"},"automountServiceAccountToken":true,"token":null,"secretName":"n",
       "serviceAccountToken":{"path":"token","expirationSeconds":3600}})"},
    {"a ConfigMap's texts and bytes",
     R"({"kind":"ConfigMap","data":{"app.conf":"user=u\npassword=p\n"},"binaryData":{"x":"AAA="}})",
     R"({"kind":"ConfigMap","data":{"app.conf":"user=u\npassword=***\n"},"binaryData":{"x":"***"}})"},
    {"messages", R"({"status":{"message":"connect amqp://u:p@h: refused","steps":[{"message":"Bearer abcdefg12"}]}})",
     R"({"status":{"message":"connect amqp://***@h: refused","steps":[{"message":"Bearer ***"}]}})"},
    {"managed fields go", R"({"metadata":{"name":"n","managedFields":[{"manager":"m"}]}})",
     R"({"metadata":{"name":"n"}})"},
    {"texts that only look like JSON", R"({"a":"[::]:8080","b":"{not json password=p","c":"[] "})",
     R"({"a":"[::]:8080","b":"{not json password=***","c":"[]"})"},
    {"an object of strange types",
     R"({"kind":7,"metadata":[],"env":"x","annotations":"a","items":{},"name":1,"value":2})",
     R"({"kind":7,"metadata":[],"env":"x","annotations":"a","items":{},"name":1,"value":2})"},
    {"no object", "null", "null"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(redaction)

BOOST_DATA_TEST_CASE(objects_as_they_may_be_given_away, data::make(kCases), one) {
  const Json made = redacted(Json::parse(one.object));
  BOOST_TEST(made.dump() == Json::parse(one.wanted).dump());
  BOOST_TEST(redacted(made).dump() == made.dump());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::support
