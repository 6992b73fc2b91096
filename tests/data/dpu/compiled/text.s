; Numbers as text: 16 bytes a tasklet hold a signed decimal number that ends with a zero byte; minus
; three times that is written back in the same way. Bytes are read with and without sign, the
; multiplication by ten is shifts and adds, the division a library's.
        .include "../prim/start.s"
        .globl kernel
kernel: sd    r22, 16, d22
        sd    r22, 0, d18
        sd    r22, 8, d20
        add   r22, r22, 24
        move  r0, r14
        lsl   r1, id, 4
        add   r1, r1, output
        move  r2, 16
        call  r23, mram_read
        move  r0, r14
        call  r23, atoi
        lsl_add r0, r0, r0, 1
        neg   r0, r0
        move  r1, r14
        call  r23, itoa
        move  r0, r14
        lsl   r1, id, 4
        add   r1, r1, output
        move  r2, 16
        call  r23, mram_write
        ld    d18, r22, -24
        ld    d20, r22, -16
        ld    d22, r22, -8
        jump  r23

atoi:   move  r1, 0                     ; value
        move  r2, 0                     ; negative
        lbs   r3, r0, 0
        jneq  r3, '-', .Ldigit
        move  r2, 1
        add   r0, r0, 1
        lbs   r3, r0, 0
.Ldigit:
        jles  r3, 0, .Lread
        lsl_add r1, r1, r1, 2           ; 5 x
        sub   r3, r3, '0'
        lsl_add r1, r3, r1, 1
        add   r0, r0, 1
        lbs   r3, r0, 0
        jump  .Ldigit
.Lread: jz    r2, 1f
        neg   r1, r1
1:      move  r0, r1
        jump  r23

; r0 to text at r1, 16 bytes, the rest zeros.
itoa:   sd    r22, 0, d22
        add   r22, r22, 8
        move  r18, r1
        move  r2, 0
        move  r3, 0
        sd    r1, 0, d2
        sd    r1, 8, d2
        jges  r0, 0, 1f
        neg   r0, r0
        sb    r18, 0, '-'
        add   r18, r18, 1
1:      move  r19, r18                  ; digits come last first, and are turned round
2:      move  r1, r0
        move  r10, 10
        call  r23, div
        add   r1, r1, '0'
        sb    r19, 0, r1
        add   r19, r19, 1
        jnz   r0, 2b
        add   r19, r19, -1
3:      jgeu  r18, r19, 4f
        lbu   r0, r18, 0
        lbu   r1, r19, 0
        sb    r18, 0, r1
        sb    r19, 0, r0
        add   r18, r18, 1
        add   r19, r19, -1, true, 3b
4:      ld    d22, r22, -8
        jump  r23
        .include "../../../../configs/kernels/dpu/lib/div32.s"
        .section .mram, "aw"
        .balign 8
        .globl output
output: .space 384
