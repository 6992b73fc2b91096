// JSON Schema of a parameter struct, made from the same declaration that reads it.
#include <cmath>
#include <nlohmann/json.hpp>

#include "models/base/parameter.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

class SchemaBinder final : public Binder {
 public:
  explicit SchemaBinder(Json& schema) : schema_(schema) {
    schema_["type"] = "object";
    schema_["properties"] = Json::object();
    schema_["additionalProperties"] = false;
    schema_["patternProperties"]["^x-"] = Json::object();
    schema_["properties"]["source"] = {{"type", "string"},
                                       {"description", "Origin of the numbers of this section"}};
    schema_["properties"]["basis"] = {{"enum", {"measured", "published", "derived", "assumption"}}};
    schema_["properties"]["notes"] = {{"type", "string"}};
  }

  bool reading() const override { return false; }

  ParameterRecord number(const std::string& key, Dimension dimension, const FieldRule& rule,
                         const std::string& doc) override {
    Json field;
    field["description"] = doc;
    const bool plain = dimension == Dimension::count || dimension == Dimension::ratio;
    const Json scalar = plain ? Json{{"type", {"number", "string"}}} : Json{{"type", "string"}};
    Json sourced;
    sourced["type"] = "object";
    sourced["required"] = {"value"};
    sourced["additionalProperties"] = false;
    for (const char* name : {"value", "low", "high"}) sourced["properties"][name] = scalar;
    for (const char* name : {"source", "basis", "notes"})
      sourced["properties"][name] = {{"type", "string"}};
    field["oneOf"] = {scalar, sourced};
    field["x-expects"] = describe(dimension);
    if (std::isfinite(rule.min)) field["x-min"] = exactQuantity(rule.min, dimension);
    if (std::isfinite(rule.max)) field["x-max"] = exactQuantity(rule.max, dimension);
    put(key, field, rule);
    return {};
  }
  void text(const std::string& key, std::string&, const FieldRule& rule,
            const std::string& doc) override {
    put(key, {{"type", "string"}, {"description", doc}}, rule);
  }
  void choice(const std::string& key, std::string&, const std::vector<std::string>& options,
              const FieldRule& rule, const std::string& doc) override {
    put(key, {{"enum", options}, {"description", doc}}, rule);
  }
  void flag(const std::string& key, bool&, const FieldRule& rule, const std::string& doc) override {
    put(key, {{"type", "boolean"}, {"description", doc}}, rule);
  }
  void texts(const std::string& key, std::vector<std::string>&, const std::string& doc) override {
    schema_["properties"][key] = {
        {"type", "array"}, {"items", {{"type", "string"}}}, {"description", doc}};
  }
  void section(const std::string& key, const std::string& doc,
               const std::function<void(Binder&)>& fields) override {
    schema_["properties"][key] = child(doc, fields);
  }
  void list(const std::string& key, const std::string& doc,
            const std::function<void(Binder&, std::size_t)>& element) override {
    schema_["properties"][key] = {{"type", "array"},
                                  {"description", doc},
                                  {"items", child(doc, [&](Binder& b) { element(b, 0); })}};
  }
  void named(const std::string& key, const std::string& doc,
             const std::function<void(Binder&, const std::string&)>& element) override {
    schema_["properties"][key] = {
        {"type", "object"},
        {"description", doc},
        {"additionalProperties", child(doc, [&](Binder& b) { element(b, "name"); })}};
  }
  void any(const std::string& key, ConfigNode&, const std::string& doc) override {
    schema_["properties"][key] = {{"description", doc}};
  }
  void problem(const std::string&, std::string, std::string) override {}

 private:
  static Json child(const std::string& doc, const std::function<void(Binder&)>& fields) {
    Json schema;
    schema["description"] = doc;
    SchemaBinder binder(schema);
    fields(binder);
    return schema;
  }
  void put(const std::string& key, Json field, const FieldRule& rule) {
    if (rule.fallback.empty())
      schema_["required"].push_back(key);
    else
      field["default"] = rule.fallback;
    schema_["properties"][key] = std::move(field);
  }

  Json& schema_;
};

}  // namespace

std::string schemaOf(const std::string& title, const std::function<void(Binder&)>& fields) {
  Json schema;
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = title;
  SchemaBinder binder(schema);
  fields(binder);
  return schema.dump(2) + "\n";
}

}  // namespace wattlas
