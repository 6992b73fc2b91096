// Does `predict` keep every input byte, and does one bad row leave the others alone?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/system/command.h"

namespace wattlas::system {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> linesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

struct Priced {
  Output command;
  std::vector<std::string> in, out;
};

Priced price(const std::string& csv, const std::string& platform = "gpu-a100-sxm",
             const std::vector<std::string>& more = {}) {
  Folder folder;
  const std::string input = folder.write("in.csv", csv), output = folder / "out.csv";
  std::vector<std::string> words = {"predict", "-p", platform, "--ops", input, "-o", output};
  words.insert(words.end(), more.begin(), more.end());
  Priced priced{wattlas(words), linesOf(csv), {}};
  priced.out = linesOf(read(output));
  return priced;
}

const char* const header = "op,dtype,M,N,K,batch,hq,hkv,hd,q_len,kv_len";

TEST(Predict, AppendsItsColumns) {
  const Priced p = price(std::string(header) + "\ngemm,fp16,128,4096,4096,,,,,,\n");
  ASSERT_EQ(p.command.exitCode, 0) << p.command.err;
  ASSERT_EQ(p.out.size(), 2u);
  EXPECT_EQ(p.out[0],
            std::string(header) + ",predicted_us,predicted_j,bound,feasible,reason,stack");
  EXPECT_THAT(p.out[1], ::testing::MatchesRegex(
                            "gemm,fp16,128,4096,4096,,,,,,,[0-9.e-]+,[0-9.e-]+,[a-z]+,1,,"));
}

TEST(Predict, EveryInputByteIsKept) {
  const std::string csv =
      "note,op,M,N,K,dtype\n"
      "plain,gemm,16,256,256,fp16\n"
      "\"quoted, with comma\",gemm,16,256,256,fp16\n"
      "\"with \"\"quotes\"\" inside\",gemv,1,256,256,fp16\n"
      "  spaces kept ,gemm, 016,256,256,fp16\n"
      "\xc3\xa9\xe2\x82\xac,gemm,16,256,256,FP16\n"
      ",teleport,1,2,3,fp16\n"
      ",gemm,,2,3,fp16\n"
      ",gemm,abc,2,3,fp16\n"
      ",gemm,16,256,256,fp99\n";
  const Priced p = price(csv);
  ASSERT_EQ(p.command.exitCode, 0) << p.command.err;
  ASSERT_EQ(p.out.size(), p.in.size());
  for (std::size_t i = 0; i < p.in.size(); ++i)
    EXPECT_EQ(p.out[i].rfind(p.in[i] + ",", 0), 0u) << "line " << i + 1 << ": " << p.out[i];
}

TEST(Predict, QuotedLineEndsStayInTheirCell) {
  const Priced p = price("note,op,M,N,K\n\"two\nlines\",gemv,1,64,64\n");
  ASSERT_EQ(p.command.exitCode, 0) << p.command.err;
  ASSERT_EQ(p.out.size(), 3u);
  EXPECT_EQ(p.out[1], "\"two");
  EXPECT_EQ(p.out[2].rfind("lines\",gemv,1,64,64,", 0), 0u);
}

TEST(Predict, LineEndsOfTheFileAreKept) {
  const Priced p = price("op,M,N,K\r\ngemv,1,64,64\r\ngemv,1,128,64\r\n");
  ASSERT_EQ(p.command.exitCode, 0) << p.command.err;
  ASSERT_EQ(p.out.size(), 3u);
  for (const std::string& line : p.out) EXPECT_EQ(line.back(), '\r');
  EXPECT_EQ(p.out[1].rfind("gemv,1,64,64,", 0), 0u);
}

TEST(Predict, RowsThatCannotRunAreEmptyWithAReason) {
  const Priced p = price(
      "op,M,N,K,dtype\nteleport,1,2,3,fp16\ngemm,16,2,3,fp99\ngemm,0,2,3,fp16\n"
      "gemm,16,900000000,900000000,fp16\ngemm,16,64,64,fp16\n");
  ASSERT_EQ(p.command.exitCode, 0) << p.command.err;
  ASSERT_EQ(p.out.size(), 6u);
  EXPECT_THAT(p.out[1], HasSubstr(",,,,0,"));
  EXPECT_THAT(p.out[1], HasSubstr("'teleport' is unknown"));
  EXPECT_THAT(p.out[2], HasSubstr("fp99"));
  EXPECT_THAT(p.out[3], HasSubstr(",,,,0,"));
  EXPECT_THAT(p.out[4], HasSubstr(",,,,0,"));
  EXPECT_THAT(p.out[5], HasSubstr(",1,")) << "the row after bad ones is priced";
}

TEST(Predict, EveryOperatorOfTheContractIsRead) {
  const Priced p = price(
      "op,M,N,K,batch,hq,hkv,hd,q_len,kv_len,n_gpu,bytes_min,cin,cout,h,w,kh,kw,stride,pad\n"
      "gemm,64,512,512,,,,,,,,,,,,,,,,\n"
      "gemv,,512,512,,,,,,,,,,,,,,,,\n"
      "silu_mul,64,512,,,,,,,,,,,,,,,,,\n"
      "add,64,512,,,,,,,,,,,,,,,,,\n"
      "rmsnorm,64,512,,,,,,,,,,,,,,,,,\n"
      "layernorm,64,512,,,,,,,,,,,,,,,,,\n"
      "softmax,64,512,,,,,,,,,,,,,,,,,\n"
      "rope,64,512,,,,,,,,,,,,,,,,,\n"
      "attn_prefill,,,,1,8,8,64,128,0,,,,,,,,,,\n"
      "attn_decode,,,,4,8,8,64,,256,,,,,,,,,,\n"
      "conv,,,,1,,,,,,,,8,16,14,14,3,3,1,1\n");
  ASSERT_EQ(p.command.exitCode, 0) << p.command.err;
  for (std::size_t i = 1; i < p.out.size(); ++i) EXPECT_THAT(p.out[i], HasSubstr(",1,")) << i;
}

TEST(Predict, TheSameFileGivesTheSameBytes) {
  const std::string csv = "op,M,N,K\ngemv,1,256,256\ngemm,8,256,256\ngemv,1,256,256\n";
  for (const char* platform : {"upmem-dimm", "pim-ai-4chip", "gpu-a100-sxm"}) {
    const Priced a = price(csv, platform), b = price(csv, platform);
    ASSERT_EQ(a.command.exitCode, 0) << a.command.err;
    EXPECT_EQ(a.out, b.out) << platform;
    EXPECT_EQ(a.out[1], a.out[3]) << platform << ": a row's price depends on the rows before";
  }
}

TEST(Predict, ClosedFormsAreUsedOnRequest) {
  const Priced p = price("op,M,N,K\ngemv,1,256,256\n", "upmem-dimm", {"--fidelity", "analytic"});
  EXPECT_EQ(p.command.exitCode, 0);
  EXPECT_THAT(p.command.err, HasSubstr("fidelity analytic"));
}

TEST(Predict, FilesThatAreNoOperatorTableAreRefused) {
  EXPECT_EQ(price("").command.exitCode, 2);
  EXPECT_EQ(price("a,b\n1,2\n").command.exitCode, 2);
  EXPECT_EQ(price("op,M\n\"never closed,1\n").command.exitCode, 2);
  const Output o = wattlas({"predict", "-p", "gpu-l4", "--ops", "/tmp", "-o", "/tmp/x.csv"});
  EXPECT_EQ(o.exitCode, 2);
}

}  // namespace
}  // namespace wattlas::system
