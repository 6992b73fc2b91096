; Tiles of element-wise operators, pools and expansions for element.s.

        .include "float32-inline.s"

        ; ---- frames: `each` is a macro of one element: its number, its label suffix is \@
        .macro over_tile each, unroll, in, second, out
        move  r1, r22
        add   r2, r22, 512
        add   r3, r22, 1024
item\@:
        .rept \unroll
        \each \+
        .endr
        add   r1, r1, \unroll * \in
        .if \second
        add   r2, r2, \unroll * \second
        .endif
        .if \out
        add   r3, r3, \unroll * \out
        .endif
        jltu  r1, r16, item\@
        .endm

        .macro saturate r               ; to int8
        jgts  \r, 127, high\@
        jges  \r, -128, fits\@
        add   \r, zero, -128, true, fits\@
high\@: move  \r, 127
fits\@:
        .endm
        .macro product16 to, a, b       ; unsigned 16 x 16 bits; r6, r7 change
        mul_ul_uh r6, \a, \b
        mul_ul_uh r7, \b, \a
        add   r6, r6, r7
        mul_uh_uh r7, \a, \b
        mul_ul_ul \to, \a, \b
        lsl_add \to, \to, r6, 8
        lsl_add \to, \to, r7, 16
        .endm

        ; ---- int8, element by element
        .macro each_copy k
        lbu   r4, r1, \k
        sb    r3, \k, r4
        .endm
        .macro tile_copy
        over_tile each_copy, UNROLL, 1, 0, 1
        .endm
        .macro each_add k
        lbs   r4, r1, \k
        lbs   r5, r2, \k
        add   r4, r4, r5
        saturate r4
        sb    r3, \k, r4
        .endm
        .macro tile_add
        over_tile each_add, UNROLL, 1, 1, 1
        .endm
        .macro each_relu k
        lbs   r4, r1, \k
        jges  r4, 0, keep\@
        move  r4, 0
keep\@: sb    r3, \k, r4
        .endm
        .macro tile_relu
        over_tile each_relu, UNROLL, 1, 0, 1
        .endm
        .macro each_lookup k
        lbu   r4, r1, \k
        lbu   r4, r4, table
        sb    r3, \k, r4
        .endm
        .macro tile_lookup
        over_tile each_lookup, UNROLL, 1, 0, 1
        .endm
        .macro each_scale k             ; x * r13 / 64 + r14, saturated
        lbs   r4, r1, \k
        mul_sl_sl r4, r4, r13
        asr   r4, r4, 6
        add   r4, r4, r14
        saturate r4
        sb    r3, \k, r4
        .endm
        .macro tile_scale
        move  r13, 83
        move  r14, -3
        over_tile each_scale, UNROLL, 1, 0, 1
        .endm
        .macro each_max k               ; r15 collects
        lbs   r4, r1, \k
        jles  r4, r15, less\@
        move  r15, r4
less\@:
        .endm
        .macro tile_max_pool
        move  r15, -128
        over_tile each_max, UNROLL, 1, 0, 0
        sb    r22, 1024, r15
        .endm
        .macro each_gate k              ; activation by table times the second operand
        lbu   r4, r1, \k
        lbs   r4, r4, table
        lbs   r5, r2, \k
        mul_sl_sl r4, r4, r5
        asr   r4, r4, 7
        saturate r4
        sb    r3, \k, r4
        .endm
        .macro tile_gate
        over_tile each_gate, UNROLL, 1, 1, 1
        .endm
        .macro each_sum k
        lbs   r4, r1, \k
        add   r15, r15, r4
        .endm
        .macro tile_average_pool        ; times a reciprocal in 2^-16, rounded half away from zero
        move  r15, 0
        over_tile each_sum, UNROLL, 1, 0, 0
        lw    r13, zero, args+12
        move  r4, r15
        jges  r4, 0, plus\@
        neg   r4, r4
plus\@: product16 r5, r4, r13
        add   r5, r5, 0x8000
        lsr   r5, r5, 16
        jges  r15, 0, store\@
        neg   r5, r5
store\@: saturate r5
        sb    r22, 1024, r5
        .endm
        .macro each_stream k            ; element i goes to run i mod 8, place i / 8
        lbu   r4, r1, \k
        sb    r5, 0, r4
        .if \k < 7
        add   r5, r5, r13
        .endif
        .endm
        .macro each_eight k
        move  r5, r3
        .rept 8
        each_stream \+
        .endr
        .endm
        .macro tile_pack                ; what units at the sense amplifiers read side by side
        lsr   r13, r21, 3
        move  r1, r22
        add   r3, r22, 1024
item\@: each_eight 0
        add   r1, r1, 8
        add   r3, r3, 1
        jltu  r1, r16, item\@
        .endm
        .macro each_turn k              ; pair (x, y) by (cos, sin) in 128ths
        lbs   r4, r1, 2 * \k
        lbs   r5, r1, 2 * \k + 1
        lbs   r6, r2, 2 * \k
        lbs   r7, r2, 2 * \k + 1
        mul_sl_sl r8, r4, r6
        mul_sl_sl r9, r5, r7
        sub   r8, r8, r9
        asr   r8, r8, 7
        saturate r8
        sb    r3, 2 * \k, r8
        mul_sl_sl r8, r4, r7
        mul_sl_sl r9, r5, r6
        add   r8, r8, r9
        asr   r8, r8, 7
        saturate r8
        sb    r3, 2 * \k + 1, r8
        .endm
        .macro tile_rope
        .if UNROLL > 1
        over_tile each_turn, UNROLL / 2, 2, 2, 2
        .else
        over_tile each_turn, 1, 2, 2, 2
        .endif
        .endm

        ; ---- fp32
        .macro each_float_add k
        lw    r4, r1, 4 * \k
        lw    r8, r2, 4 * \k
        float_add
        sw    r3, 4 * \k, r4
        .endm
        .macro tile_float_add
        over_tile each_float_add, 1, 4, 4, 4
        .endm
        .macro each_float_multiply k
        lw    r8, r1, 4 * \k
        lw    r10, r2, 4 * \k
        float_multiply
        sw    r3, 4 * \k, r8
        .endm
        .macro tile_float_multiply
        over_tile each_float_multiply, 1, 4, 4, 4
        .endm
        .macro each_from_int8 k         ; leading zeros, shift, pack; the scale is the output's
        lbs   r4, r1, \k
        jz    r4, zero\@
        and   r5, r4, 0x80000000
        jges  r4, 0, plus\@
        neg   r4, r4
plus\@: clz   r6, r4
        lsl   r4, r4, r6
        lsr   r4, r4, 8
        rsub  r6, r6, r13
        lsl_add r4, r4, r6, 23
        or    r4, r4, r5
zero\@: sw    r3, 4 * \k, r4
        .endm
        .macro tile_from_int8
        move  r13, 157
        over_tile each_from_int8, UNROLL, 1, 0, 4
        .endm
        .macro each_from_fp16 k
        lhs   r4, r1, 2 * \k
        and   r5, r4, 0x7fff
        jz    r5, zero\@
        and   r4, r4, 0x80000000
        add   r5, r5, 0x1c000
        lsl_add r5, r4, r5, 13
zero\@: sw    r3, 4 * \k, r5
        .endm
        .macro tile_from_fp16
        over_tile each_from_fp16, UNROLL, 2, 0, 4
        .endm
        .macro each_from_bf16 k
        lhu   r4, r1, 2 * \k
        lsl   r4, r4, 16
        sw    r3, 4 * \k, r4
        .endm
        .macro tile_from_bf16
        over_tile each_from_bf16, UNROLL, 2, 0, 4
        .endm
        .macro each_from_fp8 k
        lbu   r4, r1, \k
        lsl   r4, r4, 2
        lw    r4, r4, table
        sw    r3, 4 * \k, r4
        .endm
        .macro tile_from_fp8
        over_tile each_from_fp8, UNROLL, 1, 0, 4
        .endm
        .macro each_from_fp4 k          ; two in a byte
        lbu   r5, r1, \k
        and   r4, r5, 15
        lsl   r4, r4, 2
        lw    r4, r4, table
        sw    r3, 8 * \k, r4
        lsr   r4, r5, 4
        lsl   r4, r4, 2
        lw    r4, r4, table
        sw    r3, 8 * \k + 4, r4
        .endm
        .macro tile_from_fp4
        .if UNROLL > 1
        over_tile each_from_fp4, UNROLL / 2, 1, 0, 8
        .else
        over_tile each_from_fp4, 1, 1, 0, 8
        .endif
        .endm
