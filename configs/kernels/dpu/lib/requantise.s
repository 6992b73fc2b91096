; From sums to outputs by the rules of docs/integer-arithmetic.md.

        .macro product16 to, a, b       ; unsigned 16 x 16 bits; r6, r7 change
        mul_ul_uh r6, \a, \b
        mul_ul_uh r7, \b, \a
        add   r6, r6, r7
        mul_uh_uh r7, \a, \b
        mul_ul_ul \to, \a, \b
        lsl_add \to, \to, r6, 8
        lsl_add \to, \to, r7, 16
        .endm
        .macro wide_product             ; r5:r10 = r4 (signed) * r1 (unsigned); r6..r9, r11, r12 change
        lsr   r8, r4, 16
        lsr   r9, r1, 16
        product16 r10, r4, r1
        product16 r11, r4, r9
        product16 r12, r8, r1
        product16 r5, r8, r9
        add   r11, r11, r12, nc, whole\@
        add   r5, r5, 0x10000
whole\@: lsr  r12, r11, 16
        add   r5, r5, r12
        lsl   r11, r11, 16
        add   r10, r10, r11
        addc  r5, r5, 0
        jges  r4, 0, plus\@
        sub   r5, r5, r1
plus\@:
        .endm
        .macro round_shift              ; r4 = (r5:r10 + 2^(r2 - 1)) >> r2, r2 from 1 to 62 but not 32
        jgtu  r2, 32, high\@
        sub   r6, r2, 1
        lsl   r7, one, r6
        add   r10, r10, r7
        addc  r5, r5, 0
        lsr   r10, r10, r2
        sub   r6, 32, r2
        lsl   r5, r5, r6
        or    r4, r10, r5, true, low\@
high\@: sub   r6, r2, 33
        lsl   r7, one, r6
        add   r5, r5, r7
        sub   r6, r2, 32
        asr   r4, r5, r6
low\@:
        .endm
        .macro clamp_output             ; zero point, then the bounds of the format
        lw    r5, zero, args+32
        add   r4, r4, r5
        lw    r5, zero, args+36
        jges  r4, r5, above\@
        move  r4, r5
above\@: lw   r5, zero, args+40
        jles  r4, r5, below\@
        move  r4, r5
below\@:
        .endm
        .macro scaled                   ; r4 by multiplier r1 and shift r2
        wide_product
        round_shift
        clamp_output
        .endm
        .macro requantise               ; r4 by those of the header
        lw    r1, r22, 4
        lw    r2, r22, 8
        scaled
        .endm
        .macro finish_byte
        requantise
        sb    r15, 0, r4
        add   r15, r15, 1
        .endm
        .macro finish_half
        requantise
        sh    r15, 0, r4
        add   r15, r15, 2
        .endm
        .macro finish_word              ; the sum itself
        sw    r15, 0, r4
        add   r15, r15, 4
        .endm
