; Single precision in integer instructions, written for the DPU's 8 x 8-bit multiplier, as macros.
; Both round to nearest even; subnormal inputs and results are zero, overflow is infinity; NaN and
; infinity as inputs are not supported. r0, r5..r7, r9..r12 change.

        .macro float_multiply           ; r8 = r8 * r10
        ; 24 x 24 bits out of nine byte products; bits 16 and up of the product in r6, below them only
        ; whether there is anything (sticky).
        xor   r12, r8, r10
        lsl   r5, r8, 1
        lsr   r5, r5, 24, z, mzero\@
        lsl   r6, r10, 1
        lsr   r6, r6, 24, z, mzero\@
        add   r5, r5, r6
        lsr   r9, r8, 16
        or    r9, r9, 0x80
        lsr   r11, r10, 16
        or    r11, r11, 0x80
        mul_ul_ul r0, r8, r10
        mul_ul_uh r6, r8, r10
        mul_uh_ul r7, r8, r10
        add   r6, r6, r7
        lsl_add r0, r0, r6, 8
        mul_uh_uh r6, r8, r10
        mul_ul_ul r7, r8, r11
        add   r6, r6, r7
        mul_ul_ul r7, r9, r10
        add   r6, r6, r7
        mul_uh_ul r7, r8, r11
        lsl_add r6, r6, r7, 8
        mul_ul_uh r7, r9, r10
        lsl_add r6, r6, r7, 8
        mul_ul_ul r7, r9, r11
        lsl_add r6, r6, r7, 16
        lsr_add r6, r6, r0, 16
        lsl   r0, r0, 16, z, mexact\@
        or    r6, r6, 1
mexact\@:
        lsl   r7, r6, 1, smi, mbig\@
        move  r6, r7, true, mround\@
mbig\@:  add   r5, r5, 1
mround\@:
        add   r5, r5, -128, mi, mzero\@
        jgts  r5, 253, minf\@
        lsr   r7, r6, 8
        and   r0, r7, 1
        and   r6, r6, 255
        add   r6, r6, r0
        add   r6, r6, 127
        lsr_add r7, r7, r6, 8
        lsl_add r8, r7, r5, 23
        and   r12, r12, 0x80000000
        or    r8, r8, r12, true, mdone\@
minf\@:  and   r12, r12, 0x80000000
        or    r8, r12, 0x7f800000
        jump  mdone\@
mzero\@: and   r8, r12, 0x80000000
mdone\@:
        .endm

        .macro float_add                ; r4 = r4 + r8
        ; The larger magnitude in r4; significands with the hidden bit at 30, seven bits below.
        lsl   r9, r8, 1
        lsr   r7, r9, 24, z, adone\@
        lsl   r5, r4, 1
        lsr   r6, r5, 24, z, aother\@
        jgeu  r5, r9, aorder\@
        move  r0, r4
        move  r4, r8
        move  r8, r0
        move  r0, r6
        move  r6, r7
        move  r7, r0
aorder\@:
        sub   r7, r6, r7
        jgtu  r7, 25, adone\@
        lsl   r5, r4, 8
        or    r5, r5, 0x80000000
        lsr   r5, r5, 1
        lsl   r9, r8, 8
        or    r9, r9, 0x80000000
        lsr   r9, r9, 1
        lsr   r0, r9, r7
        lsrx  r10, r9, r7, z, aexact\@
        or    r0, r0, 1
aexact\@:
        xor   r10, r4, r8, mi, asub\@
        add   r5, r5, r0
        lsl   r0, r5, 1, smi, abig\@
        move  r5, r0, true, around\@
abig\@:  add   r6, r6, 1, true, around\@
aother\@:
        move  r4, r8, true, adone\@
anull\@: move  r4, 0
        jump  adone\@
aflush\@:
        and   r4, r4, 0x80000000
        jump  adone\@
ainf\@:  and   r4, r4, 0x80000000
        or    r4, r4, 0x7f800000
        jump  adone\@
asub\@:  sub   r5, r5, r0, z, anull\@
        clz   r0, r5
        lsl   r5, r5, r0
        sub   r6, r6, r0
        add   r6, r6, 1
around\@:
        add   r6, r6, -1, mi, aflush\@
        jgts  r6, 253, ainf\@
        lsr   r7, r5, 8
        and   r0, r7, 1
        and   r5, r5, 255
        add   r5, r5, r0
        add   r5, r5, 127
        lsr_add r7, r7, r5, 8
        lsl_add r7, r7, r6, 23
        and   r4, r4, 0x80000000
        or    r4, r4, r7
adone\@:
        .endm
