; Sum and greatest of signed 64-bit numbers (args = how many): every tasklet takes each NTASKLETS-th
; one, then halves of the tasklets join in steps with a barrier between them. result = {sum, greatest}.
        .include "../prim/start.s"
        .globl kernel
kernel: sd    r22, 16, d22
        sd    r22, 0, d18
        sd    r22, 8, d20
        add   r22, r22, 24
        lsl   r21, id, 4                ; this tasklet's place
        move  r0, 0
        move  r1, 0
        sd    r21, places, d0
        move  r0, 0x80000000
        sd    r21, places + 8, d0
        move  r18, id
        jgeu  r18, r16, .Lstep
.Lnumber:
        move  r0, r14
        lsl   r1, r18, 3
        add   r1, r1, input
        move  r2, 8
        call  r23, mram_read
        ld    d0, r14, 0
        move  r2, r0
        move  r3, r1
        call  r23, join
        add   r18, r18, NTASKLETS
        jltu  r18, r16, .Lnumber
.Lstep: move  r18, 1
.Lmeet: jgeu  r18, NTASKLETS, .Lall
        call  r23, meet
        lsl   r0, r18, 1
        add   r0, r0, -1
        and   zero, id, r0, nz, .Lother ; only every second of those that are left
        add   r0, id, r18
        jgeu  r0, NTASKLETS, .Lother
        lsl   r4, r0, 4
        ld    d0, r4, places
        ld    d2, r4, places + 8
        call  r23, join
.Lother:
        lsl   r18, r18, 1
        jump  .Lmeet
.Lall:  jnz   id, .Lreturn
        ld    d0, zero, places
        ld    d2, zero, places + 8
        sd    zero, result, d0
        sd    zero, result + 8, d2
.Lreturn:
        ld    d18, r22, -24
        ld    d20, r22, -16
        ld    d22, r22, -8
        jump  r23

; Adds d0 to the sum at r21, keeps the greater of d2 and what stands there.
join:   ld    d4, r21, places
        add   r5, r5, r1
        addc  r4, r4, r0
        sd    r21, places, d4
        ld    d4, r21, places + 8
        sub   zero, r3, r5
        subc  zero, r2, r4, xles, 1f
        sd    r21, places + 8, d2
1:      jump  r23
        .bss
        .balign 8
places: .space 24 * 16
        .globl result
result: .space 16
        .section .mram, "aw"
        .balign 8
        .globl input
input:  .space 8192
