// {mnemonic}{semantics}
// Skeleton: put the unit in the place of `dpu_{name}`; `clk` and `valid` allow any number of stages.
// WRAM byte a holds (37 a + 11) modulo 256 before every vector.
`timescale 1ns/1ps
module {name}_tb;
  localparam N = {vectors};
  reg [415:0] vectors [0:N-1];
  reg clk = 0, start = 0;
  always #1 clk = ~clk;
  reg [31:0] ra, rb, rb_low, imm, rc, rc_low;
  wire [31:0] result, result_low, ra_after;
  wire valid;
  dpu_{name} unit (.clk(clk), .start(start), .ra(ra), .rb(rb), .rb_low(rb_low), .imm(imm),
    .rc(rc), .rc_low(rc_low), .result(result), .result_low(result_low),
    .ra_after(ra_after), .valid(valid));
  reg [31:0] want, want_low, want_ra, at, bytes;
  reg [63:0] stored;
  integer i, wrong = 0;
  initial begin
    $readmemh("{name}_vectors.hex", vectors);
    for (i = 0; i < N; i = i + 1) begin
      {ra, rb, rb_low, imm, rc, rc_low, want, want_low, want_ra, at, bytes, stored} = vectors[i];
      @(negedge clk) start = 1;
      @(negedge clk) start = 0;
      while (!valid) @(negedge clk);
      if (result !== want || result_low !== want_low || ra_after !== want_ra) begin
        wrong = wrong + 1;
        $display("vector %0d: %h %h %h, expected %h %h %h", i, result, result_low, ra_after,
                 want, want_low, want_ra);
      end
    end
    $display("%0d of %0d wrong", wrong, N);
    $finish;
  end
endmodule
