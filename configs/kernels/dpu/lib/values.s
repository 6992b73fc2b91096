; Values of a row for values.s: unpacking, and what is made of them. r1, r2 operands, r3 the result;
; r17..r20, r22 keep.

        ; ---- unpacking: COUNT values from r1 to bytes at r3
        .macro take_bits bits           ; signed, lowest first
        add   r16, r3, COUNT
byte\@:  lbs  r4, r1, 0
        .rept 8 / \bits
        lsl   r5, r4, 32 - \bits - \bits * \+
        asr   r5, r5, 32 - \bits
        sb    r3, \+, r5
        .endr
        add   r1, r1, 1
        add   r3, r3, 8 / \bits
        jltu  r3, r16, byte\@
        .endm
        .macro take_signs               ; 1 = plus
        add   r16, r3, COUNT
byte\@:  lbu  r4, r1, 0
        .rept 8
        lsr   r5, r4, \+
        and   r5, r5, 1
        lsl   r5, r5, 1
        sub   r5, r5, 1
        sb    r3, \+, r5
        .endr
        add   r1, r1, 1
        add   r3, r3, 8
        jltu  r3, r16, byte\@
        .endm
        .macro take_entries             ; two 4-bit numbers a byte, 16 values behind the tables
        add   r16, r3, COUNT
byte\@:  lbu  r4, r1, 0
        and   r5, r4, 15
        lbs   r5, r5, table + 4096
        sb    r3, 0, r5
        lsr   r4, r4, 4
        lbs   r4, r4, table + 4096
        sb    r3, 1, r4
        add   r1, r1, 1
        add   r3, r3, 2
        jltu  r3, r16, byte\@
        .endm
        .macro take_planes              ; 4 bits, signed: 32 values lie in four words, one for each bit
        add   r16, r3, COUNT
byte\@:  lbu  r4, r1, 0
        lbu   r5, r1, 4
        lbu   r6, r1, 8
        lbu   r7, r1, 12
        .rept 8
        lsr   r8, r4, \+
        and   r8, r8, 1
        lsr   r9, r5, \+
        and   r9, r9, 1
        lsl_add r8, r8, r9, 1
        lsr   r9, r6, \+
        and   r9, r9, 1
        lsl_add r8, r8, r9, 2
        lsr   r9, r7, \+
        and   r9, r9, 1
        lsl_add r8, r8, r9, 3
        lsl   r8, r8, 28
        asr   r8, r8, 28
        sb    r3, \+, r8
        .endr
        add   r1, r1, 1
        add   r3, r3, 8
        and   r8, r1, 3, nz, within\@
        add   r1, r1, 12                ; the next 32 values
within\@: jltu r3, r16, byte\@
        .endm
        .macro value to, from, offset   ; of WIDTH bytes
        .if WIDTH == 1
        lbs   \to, \from, \offset
        .endif
        .if WIDTH == 2
        lhs   \to, \from, \offset
        .endif
        .if WIDTH == 4
        lw    \to, \from, \offset
        .endif
        .endm
        .macro keep at, offset, v
        .if WIDTH == 1
        sb    \at, \offset, \v
        .endif
        .if WIDTH == 2
        sh    \at, \offset, \v
        .endif
        .if WIDTH == 4
        sw    \at, \offset, \v
        .endif
        .endm

        ; ---- look-up of rows
        .macro work_copy
        add   r16, r3, COUNT * WIDTH
one\@:   value r4, r1, 0
        keep  r3, 0, r4
        add   r1, r1, WIDTH
        add   r3, r3, WIDTH
        jltu  r3, r16, one\@
        .endm

        ; ---- sum of two: products of 8-bit values by table, others computed
        .macro scaled_pair
        lbu   r4, r1, 0
        lsl   r4, r4, 3
        ld    d6, r4, table
        lbu   r5, r14, 0
        lsl   r5, r5, 3
        ld    d8, r5, table + 2048
        add   r10, r7, r9
        addc  r5, r6, r8
        .endm
        .macro work_add
        move  r14, r2
        add   r16, r3, COUNT
        lw    r2, zero, args+4
one\@:   scaled_pair
        round_shift
        clamp_output
        sb    r3, 0, r4
        add   r1, r1, 1
        add   r14, r14, 1
        add   r3, r3, 1
        jltu  r3, r16, one\@
        .endm
        .macro work_add_wide            ; args 0 and 2: multipliers of the two
        move  r14, r2
        move  r13, r1
        add   r16, r3, COUNT * WIDTH
one\@:   value r4, r13, 0
        lw    r1, zero, args
        wide_product
        move  r15, r5
        move  r21, r10
        value r4, r14, 0
        lw    r1, zero, args+8
        wide_product
        add   r10, r10, r21
        addc  r5, r5, r15
        lw    r2, zero, args+4
        round_shift
        clamp_output
        keep  r3, 0, r4
        add   r13, r13, WIDTH
        add   r14, r14, WIDTH
        add   r3, r3, WIDTH
        jltu  r3, r16, one\@
        .endm

        ; ---- requantisation of sums
        .macro work_requantise
        move  r13, r1
        add   r16, r3, COUNT
one\@:   lw   r4, r13, 0
        lw    r1, zero, args
        lw    r2, zero, args+4
        scaled
        sb    r3, 0, r4
        add   r13, r13, 4
        add   r3, r3, 1
        jltu  r3, r16, one\@
        .endm
        .macro work_requantise_half
        move  r13, r1
        add   r16, r3, 2 * COUNT
one\@:   lw   r4, r13, 0
        lw    r1, zero, args
        lw    r2, zero, args+4
        scaled
        sh    r3, 0, r4
        add   r13, r13, 4
        add   r3, r3, 2
        jltu  r3, r16, one\@
        .endm
        .macro pack bits                ; bytes at r3 - COUNT become fields, in place
        add   r1, r22, RESULT
        add   r2, r22, RESULT
        add   r16, r1, COUNT
byte\@:  move r5, 0
        .rept 8 / \bits
        lbu   r4, r1, \+
        and   r4, r4, (1 << \bits) - 1
        lsl_add r5, r5, r4, \bits * \+
        .endr
        sb    r2, 0, r5
        add   r1, r1, 8 / \bits
        add   r2, r2, 1
        jltu  r1, r16, byte\@
        .endm
        .macro sign_bits                ; 1 where the byte is not negative
        add   r1, r22, RESULT
        add   r2, r22, RESULT
        add   r16, r1, COUNT
byte\@:  move r5, 0
        .rept 8
        lbs   r4, r1, \+
        lsr   r4, r4, 31
        xor   r4, r4, 1
        lsl_add r5, r5, r4, \+
        .endr
        sb    r2, 0, r5
        add   r1, r1, 8
        add   r2, r2, 1
        jltu  r1, r16, byte\@
        .endm

        ; ---- pools: a row is one window, place after place with CHANNELS values each
        .macro work_pool                ; the largest, then the mean, CHANNELS of each
        move  r13, r1
        move  r14, CHANNELS
        add   r16, r1, COUNT * WIDTH
channel\@: move r12, r13
        value r15, r12, 0
        move  r21, 0
place\@: value r4, r12, 0
        add   r21, r21, r4
        jles  r4, r15, less\@
        move  r15, r4
less\@: add   r12, r12, CHANNELS * WIDTH
        jltu  r12, r16, place\@
        keep  r3, 0, r15
        move  r4, r21
        lw    r1, zero, args
        lw    r2, zero, args+4
        scaled
        keep  r3, CHANNELS * WIDTH, r4
        add   r3, r3, WIDTH
        add   r13, r13, WIDTH
        sub   r14, r14, 1, nz, channel\@
        .endm

        ; ---- the KEEP largest of a row: values, then their numbers, words; the earlier one of equals first
        .macro work_select
        move  r4, 0x80000000
        add   r16, r3, 4 * KEEP
empty\@: sw   r3, 0, r4
        sw    r3, 4 * KEEP, -1
        add   r3, r3, 4
        jltu  r3, r16, empty\@
        add   r16, r1, COUNT * WIDTH
        move  r2, 0                     ; its number
        lw    r15, r3, -4               ; the smallest kept
next\@:  value r4, r1, 0
        jles  r4, r15, small\@
        add   r5, r3, -4                ; its place, from the end
down\@:  add  r6, r22, RESULT
        jeq   r5, r6, here\@
        lw    r7, r5, -4
        jles  r4, r7, here\@
        lw    r8, r5, 4 * KEEP - 4
        sw    r5, 0, r7
        sw    r5, 4 * KEEP, r8
        add   r5, r5, -4
        jump  down\@
here\@:  sw   r5, 0, r4
        sw    r5, 4 * KEEP, r2
        lw    r15, r3, -4
small\@: add  r2, r2, 1
        add   r1, r1, WIDTH
        jltu  r1, r16, next\@
        .endm

        ; ---- softmax of 8-bit values: E0[d] in the table, quotient of 9 bits by comparison
        .macro quotient_bit bit
        lsr   r6, r4, \bit
        jltu  r6, r15, none\@
        lsl   r6, r15, \bit
        sub   r4, r4, r6
        add   r5, r5, 1 << \bit
none\@:
        .endm
        .macro work_softmax
        add   r16, r1, COUNT
        move  r12, r1
        move  r15, -128
largest\@: lbs r4, r12, 0
        jles  r4, r15, less\@
        move  r15, r4
less\@: add   r12, r12, 1
        jltu  r12, r16, largest\@
        move  r12, r1
        move  r14, 0
sum\@:   lbs  r4, r12, 0
        sub   r4, r15, r4
        lsl   r4, r4, 2
        lw    r4, r4, table
        add   r14, r14, r4
        add   r12, r12, 1
        jltu  r12, r16, sum\@
        move  r12, r1
        move  r13, r15
        move  r15, r14
        lsr   r14, r14, 1
each\@:  lbs  r4, r12, 0
        sub   r4, r13, r4
        lsl   r4, r4, 2
        lw    r4, r4, table
        lsl   r4, r4, 8
        add   r4, r4, r14
        move  r5, 0
        quotient_bit 8
        quotient_bit 7
        quotient_bit 6
        quotient_bit 5
        quotient_bit 4
        quotient_bit 3
        quotient_bit 2
        quotient_bit 1
        quotient_bit 0
        jleu  r5, 255, fits\@
        move  r5, 255
fits\@: sub   r5, r5, 128
        sb    r3, 0, r5
        add   r12, r12, 1
        add   r3, r3, 1
        jltu  r12, r16, each\@
        .endm

        ; ---- softmax of 16-bit values: E0[d] in the table, E1[d] 1,024 bytes behind it
        .macro wide_exponential         ; r4 = (E1[r4 >> 8] E0[r4 & 255] + 2^15) >> 16; r5..r8 change
        lsr   r5, r4, 8
        lsl   r5, r5, 2
        lw    r5, r5, table + 1024
        and   r4, r4, 255
        lsl   r4, r4, 2
        lw    r4, r4, table
        lsr   r6, r5, 16, nz, made\@    ; 2^16 times the other is the other
        lsr   r6, r4, 16, nz, first\@
        product16 r8, r4, r5
        add   r8, r8, 0x8000
        lsr   r5, r8, 16
first\@: move r4, r5
made\@:
        .endm
        .macro work_softmax_wide
        add   r16, r1, 2 * COUNT
        move  r12, r1
        move  r15, -32768
largest\@: lhs r4, r12, 0
        jles  r4, r15, less\@
        move  r15, r4
less\@: add   r12, r12, 2
        jltu  r12, r16, largest\@
        move  r12, r1
        move  r14, 0
sum\@:   lhs  r4, r12, 0
        sub   r4, r15, r4
        wide_exponential
        add   r14, r14, r4
        add   r12, r12, 2
        jltu  r12, r16, sum\@
        move  r12, r1
each\@:  lhs  r4, r12, 0
        sub   r4, r15, r4
        wide_exponential
        lsl   r9, r4, 16                ; r8:r9 = e 2^16 + (S >> 1)
        lsr   r8, r4, 16
        lsr   r5, r14, 1
        add   r9, r9, r5
        addc  r8, r8, 0
        lsl   r4, r8, 15                ; quotients have 17 bits: the rest is below S already
        lsr   r5, r9, 17
        or    r4, r4, r5
        lsl   r9, r9, 15
        move  r5, 0
        move  r7, 17
bit\@:   lsl  r4, r4, 1
        lsl   r5, r5, 1
        jges  r9, 0, zero\@
        add   r4, r4, 1
zero\@: lsl   r9, r9, 1
        jltu  r4, r14, small\@
        sub   r4, r4, r14
        add   r5, r5, 1
small\@: sub  r7, r7, 1, nz, bit\@
        lsr   r6, r5, 16, z, fits\@
        move  r5, 65535
fits\@: sub   r5, r5, 32768
        sh    r3, 0, r5
        add   r12, r12, 2
        add   r3, r3, 2
        jltu  r12, r16, each\@
        .endm

        ; ---- gates of a recurrent cell: COUNT values of i_r, i_z, i_n, then h_r, h_z, h_n, then h
        .macro into_byte r
        jles  \r, 127, high\@
        move  \r, 127
high\@: jges  \r, -128, low\@
        move  \r, -128
low\@:
        .endm
        .macro gate to, which           ; table of the sum
        lbs   \to, r1, \which * LOG
        lbs   r5, r1, (3 + \which) * LOG
        add   \to, \to, r5
        into_byte \to
        and   \to, \to, 255
        lbs   \to, \to, table
        .endm
        .macro work_gru                 ; LOG: values of one part of the row
        add   r16, r3, LOG
each\@:  gate r6, 0
        gate  r7, 1
        lbs   r4, r1, 5 * LOG
        mul_sl_sl r4, r4, r6
        add   r4, r4, 64
        asr   r4, r4, 7
        lbs   r5, r1, 2 * LOG
        add   r4, r4, r5
        into_byte r4
        and   r4, r4, 255
        lbs   r4, r4, table + 256
        sub   r5, 128, r7
        lbs   r8, r1, 6 * LOG
        mul_sl_sl r8, r8, r7
        mul_sl_ul r5, r4, r5
        add   r4, r5, r8
        add   r4, r4, 64
        asr   r4, r4, 7
        into_byte r4
        sb    r3, 0, r4
        add   r1, r1, 1
        add   r3, r3, 1
        jltu  r3, r16, each\@
        .endm

        ; ---- layer norm, or RMS norm when LOG is 1. Table: gains (words), from 2048 on biases (words);
        ; args 2: what is added to the variance
        .macro divide_wide              ; r13 = r8:r9 / r5 (32-bit quotient); r4, r6, r7 change
        move  r4, 0
        move  r13, 0
        move  r7, 64
step\@:  lsl  r4, r4, 1
        lsl   r13, r13, 1
        jges  r8, 0, zero\@
        add   r4, r4, 1
zero\@:  add  r9, r9, r9
        addc  r8, r8, r8
        jltu  r4, r5, less\@
        sub   r4, r4, r5
        add   r13, r13, 1
less\@: sub   r7, r7, 1, nz, step\@
        .endm
        .equ  FRACTION, 7 * (WIDTH == 1)     ; bits behind the point of deviations
        .macro deviation                ; r0 = 2^FRACTION times the value at r12, less the mean
        value r0, r12, 0
        lsl   r0, r0, FRACTION
        sub   r0, r0, r21
        .endm
        .macro mean_of_row              ; r21, from the sum r15, rounded down
        lsl   r9, r15, FRACTION
        add   r9, r9, COUNT / 2
        move  r5, COUNT
        move  r8, 0
        jges  r9, 0, plus\@
        neg   r9, r9
        add   r9, r9, COUNT - 1
        divide_wide
        neg   r21, r13
        jump  mean\@
plus\@: divide_wide
        move  r21, r13
mean\@:
        .endm
        .macro square_root_16           ; r14 = root of r15 * 2^16
        move  r14, 0
        move  r6, 0
        move  r7, 24
step\@:  lsl  r6, r6, 2
        lsr   r8, r15, 30
        or    r6, r6, r8
        lsl   r15, r15, 2
        lsl   r8, r14, 2
        add   r8, r8, 1
        lsl   r14, r14, 1
        jltu  r6, r8, less\@
        sub   r6, r6, r8
        add   r14, r14, 1
less\@: sub   r7, r7, 1, nz, step\@
        .endm
        .macro reciprocal_46            ; r15:r14 = 2^46 / r14
        move  r5, r14
        move  r4, 1
        move  r14, 0
        move  r15, 0
        move  r7, 46
step\@:  lsl  r4, r4, 1
        add   r14, r14, r14
        addc  r15, r15, r15
        jltu  r4, r5, less\@
        sub   r4, r4, r5
        add   r14, r14, 1
less\@: sub   r7, r7, 1, nz, step\@
        .endm
        .macro normal_value             ; r4 = (r0 r15:r14 + 2^23) >> 24
        move  r4, r0
        move  r1, r14
        wide_product
        mul_ul_ul r6, r0, r15
        mul_sh_ul r7, r0, r15
        lsl_add r6, r6, r7, 8
        add   r5, r5, r6
        move  r2, 24
        round_shift
        .endm
        .macro gain_and_bias            ; r5:r10 = r4 * gain + bias, both of number r16 / 4
        lw    r1, r16, table
        jges  r1, 0, plus\@
        neg   r1, r1
        neg   r4, r4
plus\@: wide_product
        lw    r6, r16, table + 2048
        asr   r7, r6, 31
        add   r10, r10, r6
        addc  r5, r5, r7
        .endm
        .macro scaled_wide              ; r4 = clamp of r5:r10 by args 0 and 1
        move  r12, r10
        move  r0, r5
        lw    r1, zero, args
        call  r23, mul                  ; low word of upper word times multiplier
        move  r4, r12
        lw    r1, zero, args
        move  r2, r0
        wide_product
        jges  r4, 0, whole\@            ; the lower word has no sign
        add   r5, r5, r1
whole\@: add  r5, r5, r2
        lw    r2, zero, args+4
        round_shift
        clamp_output
        .endm
        .macro work_norm
        sw    r22, FRAME, r1
        add   r16, r1, COUNT * WIDTH
        move  r12, r1
        move  r15, 0
        move  r21, 0
        .if LOG == 0
sum\@:   value r4, r12, 0
        add   r15, r15, r4
        add   r12, r12, WIDTH
        jltu  r12, r16, sum\@
        mean_of_row
        .endif
        lw    r12, r22, FRAME
        move  r8, 0
        move  r9, 0
square\@: deviation
        jges  r0, 0, plus\@
        neg   r0, r0
plus\@: product16 r4, r0, r0
        add   r9, r9, r4
        addc  r8, r8, 0
        add   r12, r12, WIDTH
        jltu  r12, r16, square\@
        add   r9, r9, COUNT / 2
        addc  r8, r8, 0
        move  r5, COUNT
        divide_wide
        lw    r15, zero, args+8
        add   r15, r15, r13
        square_root_16
        reciprocal_46
        lw    r13, r22, FRAME
        move  r16, 0
each\@:  move r12, r13
        deviation
        normal_value
        gain_and_bias
        scaled_wide
        keep  r3, 0, r4
        add   r13, r13, WIDTH
        add   r3, r3, WIDTH
        add   r16, r16, 4
        jltu  r16, 4 * COUNT, each\@
        .endm
