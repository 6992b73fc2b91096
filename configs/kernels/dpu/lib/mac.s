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
        .macro unscale_binary           ; equal less unequal bits
        lw    r5, zero, args+28
        lsl_sub r4, r5, r4, 1
        .endm
        .macro unscale_binary_int8      ; sum of x, less twice the x of weight -1
        lw    r5, zero, args+28
        asr   r4, r4, 6
        add   r4, r4, r5
        .endm

        .macro requantise narrow        ; r4 to int8: a power of two, a 16-bit multiplier, saturation
        asr   r4, r4, \narrow
        lw    r6, zero, scales
        mul_ul_ul r5, r4, r6
        mul_sh_ul r7, r4, r6
        lsl_add r5, r5, r7, 8
        mul_ul_uh r7, r4, r6
        lsl_add r5, r5, r7, 8
        mul_sh_uh r7, r4, r6
        lsl_add r5, r5, r7, 16
        asr   r4, r5, 16
        jgts  r4, 127, high\@
        jges  r4, -128, fits\@
        move  r4, -128
        jump  fits\@
high\@: move  r4, 127
fits\@: sb    r15, 0, r4
        add   r15, r15, 1
        .endm
        .macro store_sum
        sw    r15, 0, r4
        add   r15, r15, 4
        .endm
