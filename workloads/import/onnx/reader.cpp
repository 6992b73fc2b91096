// ModelProto -> ModelGraph: walks the nodes once, in order, with everything known at hand.
#include "workloads/import/onnx/reader.h"

#include <onnx/defs/schema.h>

#include <algorithm>
#include <set>

#include "models/base/error.h"
#include "models/base/plain_text.h"
#include "workloads/import/onnx/tensor.h"

namespace wattlas::onnx_import {
namespace {

// subgraphs and functions inside each other
constexpr std::size_t mostNodes = 400'000;  // after functions are opened
constexpr std::int64_t mostRank = 64;

/// Names of one graph; inner graphs see outer names. Where it stands, and how often it runs.
struct Scope {
  const Scope* outer = nullptr;
  std::string path = {};  ///< before the names of its nodes
  std::int64_t times = 1;
  int depth = 0;
  std::map<std::string, int> ids = {};
  int find(const std::string& name) const {
    for (const Scope* s = this; s != nullptr; s = s->outer)
      if (const auto at = s->ids.find(name); at != s->ids.end()) return at->second;
    return -1;
  }
};

class Reader {
 public:
  Reader(const onnx::ModelProto& model, const std::string& file, const ImportOptions& options,
         const KnownInputs& values)
      : model_(model), file_(file), options_(options), values_(values) {
    for (const auto& set : model.opset_import()) opsets_[set.domain()] = set.version();
    if (opsets_.count("") == 0) opsets_[""] = opsets_.count("ai.onnx") ? opsets_["ai.onnx"] : 1;
    for (const auto& function : model.functions())
      functions_[function.domain() + ":" + function.name()] = &function;
  }

  ModelGraph run() {
    note();
    Scope scope;
    const onnx::GraphProto& graph = model_.graph();
    std::set<std::string> weights;
    for (const auto& tensor : graph.initializer()) weights.insert(tensor.name());
    for (const auto& input : graph.input())
      if (weights.count(input.name()) == 0) scope.ids[input.name()] = input_(input);
    problems_.finish();
    walk(graph, scope);
    for (const auto& output : graph.output())
      if (const int id = scope.find(output.name()); id >= 0) out_.outputs.push_back(id);
    for (const auto& [name, value] : options_.bind)
      if (used_.count(name) == 0)
        problems_.add({file_, 0}, "--bind " + plainText(name, 60),
                      "no dimension or scalar input has this name", "one of " + names(),
                      didYouMean(name, {dimensions_.begin(), dimensions_.end()}));
    problems_.finish();
    return std::move(out_);
  }

 private:
  std::string names() const {
    std::string list;
    for (const std::string& name : dimensions_) list += (list.empty() ? "" : ", ") + name;
    return list.empty() ? "none: all dimensions are numbers" : plainText(list, 300);
  }

  void note() {
    if (model_.ir_version() > 8 || opsets_[""] > 17)
      out_.notes.push_back("opset " + std::to_string(opsets_[""]) + ", IR " +
                           std::to_string(model_.ir_version()) +
                           ": newer than the library that reads it (17, 8); operators that changed "
                           "since are read by their latest known meaning");
  }

  int add(Value value) {
    if (out_.values.size() > 4 * mostNodes)
      throw InputError({file_, 0}, {}, "more than 1600000 values", "a smaller graph");
    out_.values.push_back(std::move(value));
    return static_cast<int>(out_.values.size()) - 1;
  }

  /// An input of the model; names of dimensions take their bound value, or 1.
  int input_(const onnx::ValueInfoProto& info) {
    Value value;
    value.name = info.name();
    const onnx::TypeProto* type = &info.type();
    if (type->has_optional_type()) type = &type->optional_type().elem_type();
    if (type->has_sequence_type()) {
      value.sequence = true;
      type = &type->sequence_type().elem_type();
    }
    const auto& tensor = type->tensor_type();
    value.type = tensor.elem_type();
    value.known = tensor.has_shape() && tensor.shape().dim_size() <= mostRank;
    for (int i = 0; value.known && i < tensor.shape().dim_size(); ++i)
      value.dims.push_back(extent(tensor.shape().dim(i), info.name(), i));
    if (!value.known && !value.sequence)
      problems_.add({file_, 0}, plainText(info.name(), 80), "an input without a shape",
                    "a shape, whose dimensions may be names");
    if (value.known && product(value.dims) == 1 && !isFloat(value.type)) bindScalar(value);
    if (const auto given = values_.find(value.name); given != values_.end()) {
      value.dims = given->second->dims;
      value.data = given->second;
    }
    out_.inputs.push_back(add(value));
    return out_.inputs.back();
  }

  std::int64_t extent(const onnx::TensorShapeProto::Dimension& dim, const std::string& input,
                      int place) {
    constexpr std::int64_t most = std::int64_t{1} << 40;
    if (dim.has_dim_value() && dim.dim_value() > 0) {
      if (dim.dim_value() > most)
        throw InputError({file_, 0}, plainText(input, 80), "an extent beyond 2^40",
                         "a smaller one");
      return dim.dim_value();
    }
    const std::string name = dim.has_dim_param() && !dim.dim_param().empty()
                                 ? dim.dim_param()
                                 : input + "." + std::to_string(place);
    const std::int64_t value = valueOf(name, place);
    if (value > most) throw InputError({file_, 0}, name, "an extent beyond 2^40", "a smaller one");
    return value;
  }

  /// A bound dimension; of others a batch is one sample and a sequence has the length of a default
  /// prompt. Exporters write sums of names, too.
  std::int64_t valueOf(const std::string& name, int place) {
    const auto bound = options_.bind.find(name);
    dimensions_.insert(name);
    if (bound != options_.bind.end()) {
      used_.insert(name);
      return bound->second;
    }
    if (const std::size_t plus = name.find(" + "); plus != std::string::npos && name.size() < 200)
      return valueOf(name.substr(0, plus), 1) + valueOf(name.substr(plus + 3), 1);
    if (const auto number = wholeNumber(name); number && *number > 0) return *number;
    const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
    if (place == 0 || has("batch") || has("Batch")) return 1;
    if (has("seq") || has("Seq") || has("length") || has("time")) {
      if (noted_.insert(name).second) assume(plainText(name, 60));
      return 128;
    }
    if (noted_.insert(name).second)
      problems_.add({file_, 0}, plainText(name, 80), "a dimension without a value", "a number",
                    "wattlas import FILE --bind " + plainText(name, 80) + "=N -o model.yaml");
    return 1;
  }

  void assume(const std::string& name) {
    out_.notes.push_back("dimension " + name + " is 128 (--bind " + name + "=N sets it)");
    out_.assumed += (out_.assumed.empty() ? "" : ", ") + name + " is 128";
  }

  void bindScalar(Value& value) {
    dimensions_.insert(value.name);
    const auto bound = options_.bind.find(value.name);
    if (bound == options_.bind.end()) return;
    used_.insert(value.name);
    auto data = std::make_shared<Constant>();
    data->dims = value.dims;
    data->type = value.type;
    data->ints = {bound->second};
    value.data = std::move(data);
  }

  int constant(const onnx::TensorProto& tensor, const std::string& name) {
    Value value;
    value.name = name;
    value.type = tensor.data_type();
    value.known = true;
    if (tensor.dims_size() > mostRank)
      throw InputError({file_, 0}, plainText(name, 80), "more than 64 axes", "fewer");
    value.dims.assign(tensor.dims().begin(), tensor.dims().end());
    product(value.dims);
    value.data = readTensor(tensor, file_);
    value.fixed = true;
    const int id = add(std::move(value));
    out_.values[id].weight = id;
    return id;
  }

  void walk(const onnx::GraphProto& graph, Scope& scope) {
    if (scope.depth > deepest)
      throw InputError({file_, 0}, plainText(scope.path, 80), "graphs nested deeper than 32",
                       "fewer");
    for (const auto& tensor : graph.initializer())
      scope.ids[tensor.name()] = constant(tensor, tensor.name());
    for (const auto& tensor : graph.sparse_initializer()) {
      const int id = constant(tensor.values(), tensor.values().name());
      out_.values[id].dims.assign(tensor.dims().begin(), tensor.dims().end());
      out_.values[id].data = nullptr;
      scope.ids[tensor.values().name()] = id;
    }
    for (const int at :
         sortedNodes(graph, [&](const std::string& name) { return scope.find(name) >= 0; }))
      visit(graph.node(at), scope);
  }

  std::string labelOf(const onnx::NodeProto& node, const Scope& scope) const {
    std::string name = !node.name().empty()                                ? node.name()
                       : node.output_size() > 0 && !node.output(0).empty() ? node.output(0)
                                                                           : node.op_type();
    return scope.path + plainText(name, 200);
  }

  void visit(const onnx::NodeProto& node, Scope& scope) {
    if (out_.nodes.size() > mostNodes || ++visited_ > 2 * mostNodes)
      throw InputError({file_, 0}, {}, "more than 400000 nodes", "a smaller graph");
    const bool standard = node.domain().empty() || node.domain() == "ai.onnx";
    const auto function = functions_.find(node.domain() + ":" + node.op_type());
    if (function != functions_.end()) return open(*function->second, node, scope);
    if (standard && node.op_type() == "If") return branch(node, scope);
    if (standard && node.op_type() == "Loop") return loop(node, scope);
    if (standard && node.op_type() == "Scan") return scan(node, scope);
    if (standard && node.op_type() == "Constant" && node.output_size() == 1)
      return literal(node, scope);
    Node made;
    made.op = node.op_type();
    made.domain = standard ? "" : node.domain();
    made.name = labelOf(node, scope);
    made.times = scope.times;
    const auto opset = opsets_.find(standard ? "" : node.domain());
    made.opset = opset != opsets_.end() ? opset->second : 1;
    for (const auto& attribute : node.attribute())
      made.attributes[attribute.name()] = readAttribute(attribute, file_);
    for (const auto& in : node.input()) made.in.push_back(in.empty() ? -1 : scope.find(in));
    for (int i = 0; i < node.input_size(); ++i)
      if (!node.input(i).empty() && made.in[i] < 0)
        throw InputError({file_, 0}, made.name,
                         "reads '" + plainText(node.input(i), 80) + "', which nothing makes",
                         "an input, a weight or the output of a node");
    finish(std::move(made), node, scope);
  }

  /// Operators that are defined by others are evaluated through these.
  bool openDefinition(const Node& made, const onnx::NodeProto& node, Scope& scope) {
    const onnx::OpSchema* schema = onnx::OpSchemaRegistry::Schema(
        made.op, static_cast<int>(std::min<std::int64_t>(made.opset, 1000)), made.domain);
    if (schema == nullptr) return false;
    onnx::FunctionProto body;
    if (schema->HasFunction()) {
      body = *schema->GetFunction();
    } else if (schema->HasContextDependentFunction()) {
      std::vector<onnx::TypeProto> types(made.in.size());
      for (std::size_t i = 0; i < types.size(); ++i)
        if (made.in[i] >= 0)
          types[i].mutable_tensor_type()->set_elem_type(out_.values[made.in[i]].type);
      const onnx::FunctionBodyBuildContextImpl context(node, types);
      if (!schema->BuildContextDependentFunction(context, body)) return false;
    } else {
      return false;
    }
    onnx::NodeProto complete = node;
    for (const auto& [name, attribute] : schema->attributes())
      if (made.attributes.count(name) == 0 && !attribute.default_value.name().empty())
        *complete.add_attribute() = attribute.default_value;
    open(body, complete, scope);
    return true;
  }

  /// Values, types and shapes of the outputs; a node that has to run joins the graph.
  void finish(Node made, const onnx::NodeProto& node, Scope& scope) {
    const bool random =
        made.op.starts_with("Random") || made.op == "Multinomial" || made.op == "Bernoulli";
    bool fixed = !random, valued = !random;
    int weights = 0, weight = -1;
    for (const int in : made.in) {
      if (in < 0) continue;
      fixed = fixed && out_.values[in].fixed;
      valued = valued && out_.values[in].data != nullptr;
      if (out_.values[in].weight >= 0 &&
          !(out_.values[in].data && out_.values[in].dims.size() < 2)) {
        ++weights;
        weight = out_.values[in].weight;
      }
    }
    // The shape of a tensor is known without its values.
    std::vector<const Constant*> constants;
    for (const int in : made.in) constants.push_back(in < 0 ? nullptr : out_.values[in].data.get());
    made.out.assign(static_cast<std::size_t>(node.output_size()), -1);
    std::optional<std::vector<Constant>> folded;
    if (made.domain.empty() && (made.op == "Shape" || made.op == "Size")) {
      if (const Value* in = out_.in(made, 0); in != nullptr && in->known && !in->sequence)
        folded = shapeConstant(made, in->dims);
    } else if (valued && made.domain.empty()) {
      folded = evaluate(made, constants);
      if (!folded && openDefinition(made, node, scope)) return;
    }
    std::vector<OutputShape> shapes(node.output_size());
    if (folded) {
      for (std::size_t i = 0; i < std::min(shapes.size(), folded->size()); ++i)
        shapes[i] = {true, (*folded)[i].type, (*folded)[i].dims, false};
    } else {
      inferShapes(out_, made, node, shapes);
    }
    const bool runs = !fixed && !folded;
    for (int i = 0; i < node.output_size(); ++i) {
      if (node.output(i).empty()) continue;
      Value value;
      static_cast<OutputShape&>(value) = shapes[i];
      value.name = node.output(i);
      if (value.dims.size() > mostRank) value.known = false;
      if (value.known) product(value.dims);
      value.fixed = fixed;
      value.weight = fixed && weights == 1 ? weight : -1;
      value.bits = bitsOf(made, constants);
      if (folded && i < static_cast<int>(folded->size()))
        value.data = std::make_shared<Constant>(std::move((*folded)[i]));
      value.producer = runs ? static_cast<int>(out_.nodes.size()) : -1;
      const int id = add(std::move(value));
      made.out[i] = id;
      scope.ids[node.output(i)] = id;
    }
    if (runs) out_.nodes.push_back(std::move(made));
  }

  /// Width that a quantiser of QONNX states, or that its input has.
  int bitsOf(const Node& node, const std::vector<const Constant*>& in) const {
    if (node.op == "BipolarQuant") return 1;
    const std::size_t at = node.op == "Quant" || node.op == "IntQuant" ? 3
                           : node.op == "Trunc"                        ? 4
                                                                       : 0;
    if (at > 0 && at < in.size() && in[at] != nullptr && in[at]->size() == 1 &&
        in[at]->at(0) >= 1 && in[at]->at(0) <= 32)
      return static_cast<int>(in[at]->at(0));
    int bits = 0;
    for (const int id : node.in)
      if (id >= 0 && out_.values[id].fixed) bits = std::max(bits, out_.values[id].bits);
    return bits;
  }

  void literal(const onnx::NodeProto& node, Scope& scope) {
    for (const auto& attribute : node.attribute()) {
      if (attribute.name() == "value" && attribute.has_t()) {
        scope.ids[node.output(0)] = constant(attribute.t(), node.output(0));
        return;
      }
      auto data = literalOf(attribute);
      if (!data) continue;
      Value value;
      value.name = node.output(0);
      value.type = data->type;
      value.known = value.fixed = true;
      value.dims = data->dims;
      value.data = std::make_shared<Constant>(std::move(*data));
      scope.ids[node.output(0)] = add(std::move(value));
      return;
    }
    throw InputError({file_, 0}, plainText(node.output(0), 80),
                     "a constant without a value that is known",
                     "a tensor, number or list of numbers");
  }

  int idOf(const onnx::NodeProto& node, int i, const Scope& scope) const {
    return i < node.input_size() && !node.input(i).empty() ? scope.find(node.input(i)) : -1;
  }

  [[noreturn]] void refuse(const onnx::NodeProto& node, const Scope& scope, const std::string& what,
                           const std::string& expected) const {
    throw InputError({file_, 0}, labelOf(node, scope), what, expected);
  }

  /// The branch that a constant condition takes; of an unknown one the larger, with a note.
  void branch(const onnx::NodeProto& node, Scope& scope) {
    const int id = idOf(node, 0, scope);
    const Constant* known = id >= 0 ? out_.values[id].data.get() : nullptr;
    const onnx::GraphProto *yes = graphOf(node, "then_branch"), *no = graphOf(node, "else_branch");
    if (yes == nullptr || no == nullptr)
      refuse(node, scope, "an If without branches", "then, else");
    bool taken = known == nullptr || known->size() != 1 || known->at(0) != 0;
    if (known == nullptr) {
      taken = sizeOf(*yes) >= sizeOf(*no);
      const std::string name = id >= 0 ? out_.values[id].name : "?";
      out_.notes.push_back("If " + labelOf(node, scope) + " depends on " + plainText(name, 60) +
                           ", which is not known: its larger branch (" + (taken ? "then" : "else") +
                           ") is taken; --bind of a scalar input decides it");
    }
    const onnx::GraphProto* graph = taken ? yes : no;
    Scope inner{&scope, scope.path, scope.times, scope.depth + 1};
    walk(*graph, inner);
    for (int i = 0; i < std::min(node.output_size(), graph->output_size()); ++i)
      scope.ids[node.output(i)] = result(*graph, i, inner, node);
  }

  int result(const onnx::GraphProto& graph, int i, const Scope& inner,
             const onnx::NodeProto& node) const {
    const int id = inner.find(graph.output(i).name());
    if (id < 0)
      refuse(node, *inner.outer, "an inner graph gives an output that nothing makes", "a value");
    return id;
  }

  /// What flows into a body: the shape of `from` without its value.
  int carried(int from) {
    Value value = from >= 0 ? out_.values[from] : Value{};
    value.data = nullptr;
    value.fixed = false;
    value.weight = -1;
    return add(std::move(value));
  }

  int stacked(int each, std::int64_t count) {
    Value value = out_.values[each];
    value.data = nullptr;
    value.dims.insert(value.dims.begin(), count);
    return add(std::move(value));
  }

  /// The scope of a body that runs `count` times.
  Scope bodyOf(const onnx::NodeProto& node, const Scope& scope, std::int64_t count) const {
    if (count > 0 && scope.times > (std::int64_t{1} << 40) / count)
      throw InputError("loops that run more than 2^40 times", "fewer");
    return {&scope, scope.path + labelOf(node, {}) + "/", scope.times * count, scope.depth + 1};
  }

  /// The body counts as often as it runs.
  void loop(const onnx::NodeProto& node, Scope& scope) {
    const onnx::GraphProto* body = graphOf(node, "body");
    if (body == nullptr) refuse(node, scope, "a Loop without a body", "a body");
    const int most = idOf(node, 0, scope);
    const Constant* count = most >= 0 ? out_.values[most].data.get() : nullptr;
    if (count == nullptr || count->size() != 1 || count->at(0) < 0)
      refuse(node, scope, "a loop whose count is not known", "a constant trip count");
    const auto trips = static_cast<std::int64_t>(count->at(0));
    Scope inner = bodyOf(node, scope, trips);
    for (int i = 0; i < body->input_size(); ++i) {
      Value value;
      value.type = i == 0 ? int64 : boolean;
      value.known = true;
      const int from = i < 2 ? -1 : idOf(node, i, scope);
      inner.ids[body->input(i).name()] = i < 2 ? add(value) : carried(from);
    }
    walk(*body, inner);
    const int states = node.input_size() - 2;
    for (int i = 0; i + 1 < body->output_size() && i < node.output_size(); ++i) {
      const int id = result(*body, i + 1, inner, node);
      scope.ids[node.output(i)] = i < states ? id : stacked(id, trips);
    }
  }

  void scan(const onnx::NodeProto& node, Scope& scope) {
    const onnx::GraphProto* body = graphOf(node, "body");
    std::int64_t scanned = 0;
    for (const auto& attribute : node.attribute())
      if (attribute.name() == "num_scan_inputs") scanned = attribute.i();
    const int states = node.input_size() - static_cast<int>(scanned);
    if (body == nullptr || scanned < 1 || states < 0 || body->input_size() != node.input_size() ||
        opsets_[""] < 9)
      refuse(node, scope, "a Scan of a form that is not known", "opset 9 or later");
    std::int64_t steps = 1;
    std::map<std::string, int> ids;
    for (int i = 0; i < node.input_size(); ++i) {
      const int from = idOf(node, i, scope);
      const int id = carried(from);
      if (i >= states) {
        Value& value = out_.values[id];
        if (!value.known || value.dims.empty()) refuse(node, scope, "scans a scalar", "a list");
        steps = value.dims.front();
        value.dims.erase(value.dims.begin());
      }
      ids[body->input(i).name()] = id;
    }
    Scope inner = bodyOf(node, scope, steps);
    inner.ids = std::move(ids);
    walk(*body, inner);
    for (int i = 0; i < std::min(body->output_size(), node.output_size()); ++i) {
      const int id = result(*body, i, inner, node);
      scope.ids[node.output(i)] = i < states ? id : stacked(id, steps);
    }
  }

  /// The nodes of a model-local function in place of its call.
  void open(const onnx::FunctionProto& function, const onnx::NodeProto& node, Scope& scope) {
    if (scope.depth > deepest) refuse(node, scope, "functions nested deeper than 32", "fewer");
    // A function sees its own names only.
    const std::string name = node.name().empty() ? "" : plainText(node.name(), 200) + "/";
    Scope inner{nullptr, scope.path + name, scope.times, scope.depth + 1};
    const std::set<std::string> formal(function.input().begin(), function.input().end());
    for (int i = 0; i < function.input_size(); ++i)
      if (const int id = idOf(node, i, scope); id >= 0) inner.ids[function.input(i)] = id;
    for (const auto& written : function.node()) {
      onnx::NodeProto copy = written;
      for (int i = copy.attribute_size(); i-- > 0;) {
        const std::string reference = copy.attribute(i).ref_attr_name();
        if (reference.empty()) continue;
        const std::string own = copy.attribute(i).name();
        copy.mutable_attribute()->DeleteSubrange(i, 1);
        for (const auto& given : node.attribute())
          if (given.name() == reference) {
            *copy.add_attribute() = given;
            copy.mutable_attribute(copy.attribute_size() - 1)->set_name(own);
            break;
          }
      }
      for (auto& in : *copy.mutable_input())
        if (inner.find(in) < 0 && formal.count(in) > 0) in.clear();  // optional, not given
      visit(copy, inner);
    }
    for (int i = 0; i < std::min(function.output_size(), node.output_size()); ++i) {
      const int id = inner.find(function.output(i));
      if (id < 0 && !node.output(i).empty())
        refuse(node, scope, "a function that does not make its output", "a value");
      scope.ids[node.output(i)] = id;
    }
  }

  const onnx::ModelProto& model_;
  const std::string& file_;
  const ImportOptions& options_;
  const KnownInputs& values_;
  std::map<std::string, std::int64_t> opsets_;
  std::map<std::string, const onnx::FunctionProto*> functions_;
  ModelGraph out_;
  Problems problems_;
  std::set<std::string> used_, dimensions_, noted_;
  std::size_t visited_ = 0;
};

}  // namespace

ModelGraph readGraph(const onnx::ModelProto& model, const std::string& file,
                     const ImportOptions& options, const KnownInputs& values) {
  return Reader(model, file, options, values).run();
}

}  // namespace wattlas::onnx_import
