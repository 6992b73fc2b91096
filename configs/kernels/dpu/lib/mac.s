; Groups of multiply-accumulates for gemv.s: weights at r1, vector at r2, sum in r4; r0, r5..r12 free.
; Small weights lie by bytes: bits [k*b, (k+1)*b) of byte i of a word are weight 4k + i. Each is used as
; a byte times a power of two (one shift and one mask for four weights), which `unscale_*` takes back.
; An instruction file replaces any of these macros by one of the same name.

        .include "float32-inline.s"

        .macro load_w pair, offset      ; eight bytes of weights
        ld    \pair, r1, \offset
        .endm
        .macro load_x pair, offset      ; eight bytes of the vector
        ld    \pair, r2, \offset
        .endm
        .macro word_w register, offset  ; four bytes of weights
        lw    \register, r1, \offset
        .endm
        .macro word_x register, offset
        lw    \register, r2, \offset
        .endm
        .macro advance w, x             ; to the next bodies
        add   r1, r1, \w
        add   r2, r2, \x
        .endm
        .macro repeat_begin label       ; until r1 reaches r3
\label:
        .endm
        .macro repeat_end label
        jltu  r1, r3, \label
        .endm

        .macro bytes4 w, x              ; r4 += four signed bytes of w times those of x, both consumed
        mul_sl_sl r5, \w, \x
        add   r4, r4, r5
        mul_sh_sh r5, \w, \x
        add   r4, r4, r5
        lsr   \w, \w, 16
        lsr   \x, \x, 16
        mul_sl_sl r5, \w, \x
        add   r4, r4, r5
        mul_sh_sh r5, \w, \x
        add   r4, r4, r5
        .endm
        .macro differ32 w, x            ; r4 += bits in which w and x differ; w is consumed
        xor   \w, \w, \x
        cao   r5, \w
        add   r4, r4, r5
        .endm
        .macro halves w, x              ; r4 += low signed half words; r0, r5 change
        mul_ul_ul r5, \w, \x
        add   r4, r4, r5
        mul_sh_ul r5, \w, \x
        mul_sh_ul r0, \x, \w
        add   r5, r5, r0
        lsl_add r4, r4, r5, 8
        mul_sh_sh r5, \w, \x
        lsl_add r4, r4, r5, 16
        .endm
        .macro add_product op, a, b, shift
        \op   r5, \a, \b
        lsl_add r4, r4, r5, \shift
        .endm
        .macro words                    ; r4 += r8 * r10; r5, r9, r11 change
        lsr   r9, r8, 16
        lsr   r11, r10, 16
        add_product mul_ul_ul, r8, r10, 0
        add_product mul_ul_uh, r8, r10, 8
        add_product mul_uh_ul, r8, r10, 8
        add_product mul_uh_uh, r8, r10, 16
        add_product mul_ul_ul, r8, r11, 16
        add_product mul_ul_ul, r9, r10, 16
        add_product mul_ul_uh, r8, r11, 24
        add_product mul_uh_ul, r8, r11, 24
        add_product mul_ul_uh, r9, r10, 24
        add_product mul_uh_ul, r9, r10, 24
        .endm

        .macro field shift, mask, x     ; four small weights of r0 against the bytes of x
        lsl   r8, r0, \shift
        and   r8, r8, \mask
        bytes4 r8, \x
        .endm
        .macro last_field mask, x
        and   r8, r0, \mask
        bytes4 r8, \x
        .endm
        .macro nibbles8                 ; r4 += eight 4-bit weights of r0 times d10, by 16
        field 4, 0xF0F0F0F0, r11
        last_field 0xF0F0F0F0, r10
        .endm
        .macro pairs8 high, low         ; r4 += eight 2-bit weights of r0 times d10, by 64
        field \high, 0xC0C0C0C0, r11
        .if \low
        field \low, 0xC0C0C0C0, r10
        .else
        last_field 0xC0C0C0C0, r10
        .endif
        .endm
        .macro signs8 high, low         ; eight bits of r0: minus x (by 128) where set
        field \high, 0x80808080, r11
        .if \low
        field \low, 0x80808080, r10
        .else
        last_field 0x80808080, r10
        .endif
        .endm

        .macro mac_int8 w, x            ; 8 products
        load_w d8, \w
        load_x d10, \x
        bytes4 r9, r11
        bytes4 r8, r10
        .endm
        .macro mac_int4 w, x            ; 8
        word_w r0, \w
        load_x d10, \x
        nibbles8
        .endm
        .macro mac_int2 w, x            ; 16
        word_w r0, \w
        load_x d10, \x
        pairs8 6, 4
        load_x d10, \x + 8
        pairs8 2, 0
        .endm
        .macro mac_binary_int8 w, x     ; 32
        word_w r0, \w
        load_x d10, \x
        signs8 7, 6
        load_x d10, \x + 8
        signs8 5, 4
        load_x d10, \x + 16
        signs8 3, 2
        load_x d10, \x + 24
        signs8 1, 0
        .endm
        .macro mac_binary w, x          ; 64
        load_w d8, \w
        load_x d10, \x
        differ32 r8, r10
        differ32 r9, r11
        .endm
        .macro mac_int16 w, x           ; 2
        word_w r8, \w
        word_x r10, \x
        halves r8, r10
        lsr   r8, r8, 16
        lsr   r10, r10, 16
        halves r8, r10
        .endm
        .macro mac_int32 w, x           ; 1
        word_w r8, \w
        word_x r10, \x
        words
        .endm
        .macro mac_fp32 w, x            ; 1: product and sum each rounded
        word_w r8, \w
        word_x r10, \x
        float_multiply
        float_add
        .endm

        .macro unscale_int8
        .endm
        .macro unscale_int4
        asr   r4, r4, 4
        .endm
        .macro unscale_int2
        asr   r4, r4, 6
        .endm
        .macro unscale_binary           ; less twice the bits that differ
        lsl   r4, r4, 1
        neg   r4, r4
        .endm
        .macro unscale_binary_int8
        asr   r4, r4, 6
        .endm
        .macro unscale_pow2
        asr   r4, r4, 1
        .endm

        ; ---- formats without a product of bytes
        .macro sign_of                  ; low byte of r9 by the top bits of r0 (add) and r8 (subtract)
        extsb r5, r9
        lsl   r0, r0, 1, spl, plus\@
        add   r4, r4, r5
plus\@: lsl  r8, r8, 1, spl, minus\@
        sub   r4, r4, r5
minus\@:
        .endm
        .macro four_of each, x
        word_x r9, \x
        \each
        lsr   r9, r9, 8
        \each
        lsr   r9, r9, 8
        \each
        lsr   r9, r9, 8
        \each
        .endm
        .macro mac_ternary w, x         ; 32: a word of values to add, one of values to subtract
        word_w r0, \w
        word_w r8, \w + 4
        .rept 8
        four_of sign_of, (\x + 4 * \+)
        .endr
        .endm
        .macro power_of                 ; low byte of r9; top bits of r0: sign, exponent + 1 or 0 for none
        lsr   r6, r0, 28
        and   r6, r6, 7, z, none\@
        extsb r5, r9
        lsl   r5, r5, r6
        jlts  r0, 0, minus\@
        add   r4, r4, r5, true, none\@
minus\@: sub r4, r4, r5
none\@: lsl  r0, r0, 4
        .endm
        .macro mac_pow2 w, x            ; 8, twice their value
        word_w r0, \w
        four_of power_of, \x
        four_of power_of, \x + 4
        .endm
        .macro entries_of x             ; two values: their weights from a table of pairs
        and   r6, r0, 255
        lsl   r6, r6, 1
        lhu   r6, r6, table
        mul_sl_sl r5, r6, \x
        add   r4, r4, r5
        mul_sh_sh r5, r6, \x
        add   r4, r4, r5
        .endm
        .macro mac_codebook w, x        ; 8 by index, two in a byte
        word_w r0, \w
        load_x d10, \x
        entries_of r11
        lsr   r0, r0, 8
        lsr   r11, r11, 16
        entries_of r11
        lsr   r0, r0, 8
        entries_of r10
        lsr   r0, r0, 8
        lsr   r10, r10, 16
        entries_of r10
        .endm
        .macro both_set a, b, shift     ; r4 += bits that both have, shifted
        and   r5, \a, \b
        cao   r5, r5
        lsl_add r4, r4, r5, \shift
        .endm
        .macro both_minus a, b, shift
        and   r5, \a, \b
        cao   r5, r5
        lsl_sub r4, r4, r5, \shift
        .endm
        .macro plane_of a, k            ; plane k of the weights against the four of x, the last negative
        both_set \a, r9, \k
        both_set \a, r8, \k + 1
        both_set \a, r11, \k + 2
        both_minus \a, r10, \k + 3
        .endm
        .macro mac_sliced w, x          ; 32: four planes of weights, four of x
        load_x d8, \x
        load_x d10, \x + 8
        load_w d6, \w
        plane_of r7, 0
        plane_of r6, 1
        load_w d6, \w + 8
        plane_of r7, 2
        both_minus r6, r9, 3
        both_minus r6, r8, 4
        both_minus r6, r11, 5
        both_set r6, r10, 6
        .endm

        ; ---- what a sum starts with: r2 is the operand; r21 keeps
        .macro first_binary_int8        ; 64 times the sum of its values
        move  r4, 0
        lw    r3, zero, args+60
each:   lw    r0, r2, 0
        extsb r5, r0
        add   r4, r4, r5
        lsr   r0, r0, 8
        extsb r5, r0
        add   r4, r4, r5
        lsr   r0, r0, 8
        extsb r5, r0
        add   r4, r4, r5
        asr   r0, r0, 8
        extsb r5, r0
        add   r4, r4, r5
        add   r2, r2, 4
        sub   r3, r3, 1, nz, each
        lsl   r4, r4, 6
        .endm

        ; ---- operand at r13 from the runs of x at r2; r1, r3, r12, r18..r22 keep
        .macro runs take, give          ; as it is: BYTES of a value
        lw    r16, zero, args+44
run\@:  lw    r17, zero, args+48
value\@: \take r0, r2, 0
        \give r13, 0, r0
        add   r2, r2, BYTES
        add   r13, r13, BYTES
        sub   r17, r17, 1, nz, value\@
        lw    r17, zero, args+52
        add   r2, r2, r17
        sub   r16, r16, 1, nz, run\@
        .endm
        .macro zero_rest                ; behind the values, up to the next operand
        lw    r16, zero, args+16
        add   r16, r16, r1
rest\@: jgeu  r13, r16, full\@
        sb    r13, 0, 0
        add   r13, r13, 1, true, rest\@
full\@:
        .endm
        .macro gather_bytes
        runs lbs, sb
        zero_rest
        .endm
        .macro gather_halves
        runs lhs, sh
        zero_rest
        .endm
        .macro gather_words
        runs lw, sw
        zero_rest
        .endm
        .macro plane_bit plane, mask
        and   r5, r0, \mask, z, clear\@
        or    \plane, \plane, r4
clear\@:
        .endm
        .macro gather_sliced            ; four planes of 32 values each
        lw    r16, zero, args+44
        move  r8, 0
        move  r9, 0
        move  r10, 0
        move  r11, 0
        move  r4, 1
run\@:  lw    r17, zero, args+48
value\@: lbs  r0, r2, 0
        plane_bit r9, 1
        plane_bit r8, 2
        plane_bit r11, 4
        plane_bit r10, 8
        add   r2, r2, 1
        lsl   r4, r4, 1, nz, same\@
        sd    r13, 0, d8
        sd    r13, 8, d10
        move  r8, 0
        move  r9, 0
        move  r10, 0
        move  r11, 0
        move  r4, 1
        add   r13, r13, 16
same\@: sub   r17, r17, 1, nz, value\@
        lw    r17, zero, args+52
        add   r2, r2, r17
        sub   r16, r16, 1, nz, run\@
        jeq   r4, 1, whole\@
        sd    r13, 0, d8
        sd    r13, 8, d10
        add   r13, r13, 16
whole\@: zero_rest
        .endm
